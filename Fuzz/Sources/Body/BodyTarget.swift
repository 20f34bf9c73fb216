import OData

/// Fuzzes bodies: what is accepted as a type is stored and read back equal, for every purpose.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = Input(data, count) else { return 0 }
  let isJSON = requireCanonicalForm(input.rest)
  for purpose in [EntityReader.Purpose.create, .update, .importing, .restore] {
    let reader = EntityReader(purpose, lenientNames: input.isLowercase)
    guard let patch = read(input, reader) else { continue }
    require(isJSON, "a body is accepted that is not JSON")
    StoredText.requireRoundTrip(StoredText.value(of: patch, input.type), of: input.type)
    let strict = EntityReader(purpose, lenientNames: input.isLowercase, dialect: .strict)
    if let sameInStrict = read(input, strict) {
      require(sameInStrict == patch, "a body means something else in the strict dialect")
    }
  }
  return 0
}

private func read(_ input: Input, _ reader: EntityReader) -> StructuredPatch? {
  do throws(BodyError) { return try reader.read(input.rest, as: input.type) } catch {
    requireReadable(error.message)
    return nil
  }
}

/// Whether the bytes are one JSON text. Reading and writing it again must change nothing.
private func requireCanonicalForm(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
  var skipping = JSONReader(bytes, dialect: .graph)
  let isJSON = (try? skipping.skipValue()) != nil && (try? skipping.finish()) != nil
  require(skipping.offset <= bytes.count, "a text is read beyond its end")
  let once = canonical(bytes, .graph)
  require((once != nil) == isJSON, "a text is skipped that cannot be read, or the other way round")
  guard let once else { return false }
  let twice = once.withUnsafeBufferPointer { canonical($0, .strict) }
  require(twice == once, "a text is not the same when it is read and written twice")
  return true
}

private func canonical(_ bytes: UnsafeBufferPointer<UInt8>, _ dialect: JSONReader.Dialect) -> [UInt8]? {
  var reader = JSONReader(bytes, dialect: dialect)
  guard let text = try? reader.readRawValue(), (try? reader.finish()) != nil else { return nil }
  return text
}
