import NIOHTTP1
import OData
import Profiles

/// How long a request body may be, before and after inflation.
enum BodyBound {
  /// A JSON body.
  case ordinary
  /// The image of a photo.
  case photo

  /// The bound of requests with this method to this target. Only the bytes of a photo may be longer than others, and only at
  /// the addresses that take them: `.../photo/$value`.
  init(_ method: HTTPMethod, _ target: String) {
    switch method {
    case .PUT, .PATCH: self = Self.namesPhoto(target) ? .photo : .ordinary
    default: self = .ordinary
    }
  }

  /// The longest body, in bytes.
  var bytesMax: Int {
    switch self {
    case .ordinary: Limits.bodyBytesMax
    case .photo: Limits.photoImageBytesMax
    }
  }

  /// The refusal of a longer one.
  var refusal: GraphError {
    switch self {
    case .ordinary: .bodyTooLarge
    case .photo: .photoTooLarge
    }
  }

  /// Whether the last two segments of a path are `photo` and `$value`, in any case and however they are encoded.
  private static func namesPhoto(_ target: String) -> Bool {
    // Most targets hold neither, and are looked at no further.
    guard target.contains(byte: UInt8(ascii: "$")) || target.contains(byte: UInt8(ascii: "%")) else { return false }
    return target.withBytes { target in
      let slash = UInt8(ascii: "/")
      var path = target.prefix { $0 != UInt8(ascii: "?") }
      while path.last == slash { path = path.dropLast() }
      // Most other paths end with an id, and need no decoding.
      let start = path.lastIndex(of: slash).map { path.index(after: $0) } ?? path.startIndex
      guard start < path.endIndex, path[start] == UInt8(ascii: "$") || path[start] == UInt8(ascii: "%") else {
        return false
      }
      let segments = path.split(separator: slash).suffix(2)
      guard segments.count == 2, let content = segments.last.flatMap({ PercentEncoding.decode($0) }),
        let photo = segments.first.flatMap({ PercentEncoding.decode($0) })
      else { return false }
      return "$value".isSameName(as: content) && "photo".isSameName(as: photo)
    }
  }
}
