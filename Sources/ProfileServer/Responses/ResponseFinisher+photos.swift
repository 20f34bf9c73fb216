import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Responses with photos.
extension ResponseFinisher {
  /// The media type of every photo, which the server has encoded itself.
  private static let mediaType = "image/jpeg"

  // MARK: Metadata

  /// Responds with the metadata of a photo in the largest size of at most this side.
  func finish(_ exchange: Exchange, _ photo: VisiblePhoto, atMost side: Int) {
    guard let side = photo.content.sides.last(where: { $0 <= side }) else {
      return finish(exchange, missingSizeOf: photo)
    }
    finish(exchange, entity(of: photo, side, exchange), ifNotCurrent: photo.version)
  }

  /// Responds to a change of who may see a photo.
  func finish(_ exchange: Exchange, updated photo: VisiblePhoto) {
    guard let side = photo.content.sides.last else { return finish(exchange, missingSizeOf: photo) }
    finish(exchange, written: photo.version, at: nil, usually: .representation) { entity(of: photo, side, exchange) }
  }

  /// Responds with Graph's placeholder of a photo that does not exist, whose context names nobody.
  func finishWithoutPhoto(_ exchange: Exchange) {
    let body = encoder(exchange).photoPlaceholder(exchange.options.selection)
    finish(exchange, .json(.ok, body, Self.directoryHeaders, as: exchange.representation.contentType))
  }

  /// Responds with the metadata of all sizes of a photo; nil stands for none.
  func finish(_ exchange: Exchange, sizesOf photo: VisiblePhoto?, _ subject: PhotoSubject, _ caller: Caller) {
    let body = encoder(exchange).photos(photo, of: subject, caller, exchange.options.selection)
    finish(exchange, .json(.ok, body, Self.directoryHeaders, as: exchange.representation.contentType))
  }

  private func entity(of photo: VisiblePhoto, _ side: Int, _ exchange: Exchange) -> GraphResponse {
    var headers = Self.directoryHeaders
    headers[.entityTag] = photo.version.entityTag
    return .json(
      .ok, encoder(exchange).photo(photo, side, exchange.options.selection), headers,
      as: exchange.representation.contentType)
  }

  /// A stored photo has sizes unless it is damaged; the one that was asked for is smaller than all of them.
  private func finish(_ exchange: Exchange, missingSizeOf photo: VisiblePhoto) {
    finish(
      exchange,
      photo.content.sides.isEmpty ? .store(.damaged("A stored photo is damaged.")) : ProfileError.photoNotFound)
  }

  // MARK: Bytes

  /// Responds with the bytes of a photo in the largest size of at most this side, as preconditions allow (RFC 9110 section
  /// 13.2.2). A browser that is led to the address shows an image, and takes the bytes for nothing else.
  func finish(_ exchange: Exchange, contentOf photo: VisiblePhoto, atMost side: Int) {
    let headers: HeaderFields = [
      .entityTag: photo.version.entityTag, .contentTypeOptions: "nosniff", .contentSecurityPolicy: "sandbox",
    ]
    do throws(GraphError) {
      let preconditions = try Preconditions(exchange.request.headers)
      guard preconditions.ifMatch?.matches(photo.version) != false else {
        return finish(exchange, ProfileError.preconditionFailed)
      }
      guard preconditions.ifNoneMatch?.matches(photo.version) != true else {
        return finish(exchange, GraphResponse(status: .notModified, headers: headers, body: .none))
      }
    } catch {
      return finish(exchange, error)
    }
    guard let jpeg = photo.content.jpeg(atMost: side) else { return finish(exchange, missingSizeOf: photo) }
    var response = GraphResponse(status: .ok, headers: headers, body: .bytes(ByteBuffer(bytes: jpeg)))
    response.headers[.contentType] = Self.mediaType
    finish(exchange, response)
  }
}
