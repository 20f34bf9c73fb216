import OData

/// A photo in the sizes that are kept, as JPEG files that this server has made.
public struct EncodedPhoto: Equatable, Sendable {
  /// The photo in one size.
  public struct Size: Equatable, Sendable {
    /// The length of a side in pixels.
    public let side: Int
    /// The JPEG file.
    public let jpeg: [UInt8]

    /// One size of a photo.
    public init(side: Int, jpeg: [UInt8]) {
      self.side = side
      self.jpeg = jpeg
    }
  }

  /// The sizes as one JSON object: the side of each, and its file in base 64.
  let json: [UInt8]

  /// A photo in these sizes; nil unless there is at least one, all are among `PhotoSize.sides` from the smallest on, and
  /// each file is a plain square JPEG of its size within `Limits.photoBytesPerPixelMax` (`PlainJPEG`).
  public init?(_ sizes: [Size]) {
    guard !sizes.isEmpty, sizes.map(\.side) == Array(PhotoSize.sides.prefix(sizes.count)),
      sizes.allSatisfy({ Self.isValid($0) })
    else { return nil }
    var writer = JSONWriter(capacity: sizes.reduce(0) { $0 + $1.jpeg.count / 3 * 4 + 16 })
    writer.beginObject()
    for size in sizes {
      writer.name(String(size.side))
      writer.plainString(Base64.encode(size.jpeg))
    }
    writer.endObject()
    json = writer.bytes
  }

  private static func isValid(_ size: Size) -> Bool {
    size.jpeg.count <= size.side * size.side * Limits.photoBytesPerPixelMax
      && PlainJPEG.isSquare(size.jpeg, side: size.side)
  }
}
