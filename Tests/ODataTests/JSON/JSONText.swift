import OData

/// One JSON text, with the questions that tests ask about it.
struct JSONText {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(_ text: String) { bytes = Array(text.utf8) }

  /// The fault of the text; nil when it is one well-formed JSON value.
  func fault(_ dialect: JSONReader.Dialect) -> JSONError? {
    bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer, dialect: dialect)
      do throws(JSONError) {
        try reader.skipValue()
        try reader.finish()
        return nil
      } catch {
        return error
      }
    }
  }

  func isAccepted(_ dialect: JSONReader.Dialect) -> Bool { fault(dialect) == nil }

  /// The value without white space, as the reader copies it.
  func canonical(_ dialect: JSONReader.Dialect = .strict) throws -> [UInt8] {
    try bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer, dialect: dialect)
      let copy = try reader.readRawValue()
      try reader.finish()
      return copy
    }
  }

  /// The text read as one string.
  func string() throws -> String {
    try bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer)
      let text = try reader.readString().string
      try reader.finish()
      return text
    }
  }
}
