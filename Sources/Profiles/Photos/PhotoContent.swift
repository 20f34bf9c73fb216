import OData

/// A stored photo: a JSON object whose member `sizes` holds a file for each side, smallest first. It is read in place, and
/// of the files only the one that is asked for is decoded.
public struct PhotoContent: Sendable {
  private let json: [UInt8]

  /// The photo in a stored object.
  init(_ json: [UInt8]) { self.json = json }

  /// The sides of the sizes that there are, smallest first; empty when the stored JSON is damaged.
  public var sides: [Int] {
    var sides: [Int] = []
    let isWhole = Self.forEachSize(in: json) { side, _ in sides.append(side) }
    return isWhole ? sides : []
  }

  /// The JPEG file of the largest size that has at most this side; nil when there is none, or when it is damaged.
  public func jpeg(atMost side: Int) -> [UInt8]? {
    json.withUnsafeBufferPointer { bytes in
      var found: JSONReader.Text?
      let isWhole = Self.forEachSize(in: bytes) { if $0 <= side { found = $1 } }
      return isWhole ? found?.withBytes { Base64.decode($0) } : nil
    }
  }

  /// All sizes; nil when the stored JSON is damaged.
  var sizes: [EncodedPhoto.Size]? {
    var sizes: [EncodedPhoto.Size] = []
    var isReadable = true
    let isWhole = Self.forEachSize(in: json) { side, text in
      guard let jpeg = text.withBytes({ Base64.decode($0) }) else {
        isReadable = false
        return
      }
      sizes.append(EncodedPhoto.Size(side: side, jpeg: jpeg))
    }
    return isWhole && isReadable ? sizes : nil
  }

  /// The JSON object of all sizes, as it is stored; nil when the stored JSON is damaged.
  var rawSizes: [UInt8]? {
    json.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONError) {
        try reader.beginObject()
        while let name = try reader.nextName() {
          if name.equals(Array(Self.sizesMember.utf8)) { return try reader.readRawValue() }
          try reader.skipValue()
        }
      } catch {
        return nil
      }
      return nil
    }
  }

  // MARK: The stored form

  /// The name of the member that holds the files.
  static let sizesMember = "sizes"

  private static func forEachSize(in json: [UInt8], _ body: (Int, JSONReader.Text) -> Void) -> Bool {
    json.withUnsafeBufferPointer { forEachSize(in: $0, body) }
  }

  /// Calls `body` for each size. Returns false when the object has no sizes, or others than `EncodedPhoto` writes.
  private static func forEachSize(
    in bytes: UnsafeBufferPointer<UInt8>, _ body: (Int, JSONReader.Text) -> Void
  ) -> Bool {
    var reader = JSONReader(bytes)
    var count = 0
    do throws(JSONError) {
      try reader.beginObject()
      while let name = try reader.nextName() {
        guard name.equals(Array(sizesMember.utf8)) else {
          try reader.skipValue()
          continue
        }
        guard count == 0 else { return false }
        try reader.beginObject()
        while let name = try reader.nextName() {
          guard count < PhotoSize.sides.count, name.equals(Array(String(PhotoSize.sides[count]).utf8)) else {
            return false
          }
          body(PhotoSize.sides[count], try reader.readString())
          count += 1
        }
      }
      try reader.finish()
    } catch {
      return false
    }
    return count > 0
  }
}
