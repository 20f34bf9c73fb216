import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Routes of the photos of people and groups (Graph pages on getting, updating and deleting a profilePhoto).
final class PhotoRoutes: RouteGroup {
  // MARK: Reads

  /// Gets the metadata of a photo in its largest size.
  func read(_ exchange: Exchange, _ subject: PhotoSubject, _ caller: Caller) {
    session.photos.read(subject, by: caller) { [responses] photo in
      // Graph's older version answers a placeholder, which clients of it expect.
      if case .failure(.photoNotFound) = photo, exchange.version == .v1 {
        return responses.finishWithoutPhoto(exchange)
      }
      responses.onSuccess(of: photo, exchange) { responses.finish(exchange, $0, atMost: .max) }
    }
  }

  /// Gets the metadata of a photo in a size, or in the next smaller one.
  func readSize(_ exchange: Exchange, _ subject: PhotoSubject, _ side: Int, _ caller: Caller) {
    session.photos.read(subject, by: caller) { [responses] photo in
      responses.onSuccess(of: photo, exchange) { responses.finish(exchange, $0, atMost: side) }
    }
  }

  /// Lists the metadata of a photo in all its sizes; none where there is no photo.
  func list(_ exchange: Exchange, _ subject: PhotoSubject, _ caller: Caller) {
    session.photos.read(subject, by: caller) { [responses] photo in
      if case .failure(.photoNotFound) = photo { return responses.finish(exchange, sizesOf: nil, subject, caller) }
      responses.onSuccess(of: photo, exchange) { responses.finish(exchange, sizesOf: $0, subject, caller) }
    }
  }

  /// Gets the bytes of a photo in its largest size.
  func content(_ exchange: Exchange, _ subject: PhotoSubject, _ caller: Caller) {
    contentOfSize(exchange, subject, .max, caller)
  }

  /// Gets the bytes of a photo in a size, or in the next smaller one.
  func contentOfSize(_ exchange: Exchange, _ subject: PhotoSubject, _ side: Int, _ caller: Caller) {
    session.photos.read(subject, by: caller) { [responses] photo in
      responses.onSuccess(of: photo, exchange) { responses.finish(exchange, contentOf: $0, atMost: side) }
    }
  }

  // MARK: Writes

  /// Sets a photo to an image. Its first bytes tell its format, not its `Content-Type`. Throws the error of an invalid
  /// request.
  func put(_ exchange: Exchange, _ subject: PhotoSubject, _ caller: Caller) throws(GraphError) {
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .photoMissing }
    // Also where the body came in a batch, or from a request whose bound was another.
    guard body.readableBytes <= Limits.photoImageBytesMax else { throw .photoTooLarge }
    let preconditions = try Preconditions(exchange.request.headers)
    session.photos.put(Array(body.readableBytesView), of: subject, preconditions: preconditions, by: caller) {
      [responses] version in
      responses.onSuccess(of: version, exchange) { version in
        let headers: HeaderFields = [.entityTag: version.entityTag]
        responses.finish(exchange, GraphResponse(status: .ok, headers: headers, body: .bytes(ByteBuffer())))
      }
    }
  }

  /// Changes who may see the photo of a person (an extension). Throws the error of an invalid request.
  func update(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .update, ProfileModel.photo)
    let preconditions = try Preconditions(exchange.request.headers)
    session.photos.update(owner, patch, preconditions: preconditions, by: caller) { [responses] photo in
      responses.onSuccess(of: photo, exchange) { photo in
        guard let photo else { return responses.finish(exchange, .noContent()) }
        responses.finish(exchange, updated: photo)
      }
    }
  }

  /// Deletes a photo. Throws the error of an invalid request.
  func delete(_ exchange: Exchange, _ subject: PhotoSubject, _ caller: Caller) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    session.photos.delete(subject, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }
}

extension RouteHandler {
  /// A method of photos that works alike for people and groups.
  typealias PhotoMethod =
    @Sendable (PhotoRoutes) -> (Exchange, PhotoSubject, Caller) throws(GraphError) -> Void

  /// The method for the photo of a person.
  static func photo(ofPerson method: @escaping PhotoMethod) -> RouteHandler {
    .person { groups in
      { exchange, owner, caller throws(GraphError) in try method(groups.photos)(exchange, .person(owner), caller) }
    }
  }

  /// The method for the photo of a group.
  static func photo(ofGroup method: @escaping PhotoMethod) -> RouteHandler {
    .group { groups in
      { exchange, id, caller throws(GraphError) in try method(groups.photos)(exchange, .group(id), caller) }
    }
  }
}
