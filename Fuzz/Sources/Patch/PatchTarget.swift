import OData

/// Fuzzes updates: the first line is a value, each further line a body that is applied to it. Repeating a body changes
/// nothing, and the result can be stored.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = Input(data, count) else { return 0 }
  let type = input.type
  var lines = input.lines[...]
  var value = StoredText.blank(of: type)
  if let first = lines.popFirst(), let patch = try? EntityReader(.importing).read(first, as: type) {
    value = StoredText.value(of: patch, type)
  }
  for line in lines.prefix(8) {
    guard let patch = try? EntityReader(input.isLowercase ? .importing : .update).read(line, as: type) else { continue }
    apply(patch, to: &value, type)
  }
  return 0
}

private func apply(_ patch: StructuredPatch, to value: inout StructuredValue, _ type: StructuredType) {
  let old = value
  let changed = patch.apply(to: &value, of: type)
  let different = type.properties.map(\.index).filter { old.members[$0] != value.members[$0] }
  require(changed == different, "an update reports other changes than it made")
  for property in type.properties where patch.isAbsent(property) {
    require(!changed.contains(property.index), "an update changes what it does not name")
  }
  var again = value
  require(patch.apply(to: &again, of: type).isEmpty && again == value, "an update changes something the second time")
  // An import may remove the key, and the server never stores such a value.
  guard type.properties.allSatisfy({ $0.isNullable || $0.isCollection || !value.members[$0.index].isNull }) else {
    return
  }
  StoredText.requireRoundTrip(value, of: type)
  requireImportable(value, type)
}

/// Checks that an import accepts a value that is within all bounds.
private func requireImportable(_ value: StructuredValue, _ type: StructuredType) {
  do throws(BodyError) { try value.checkUndeclaredMembers(at: type.properties.map(\.index), of: type) } catch {
    requireReadable(error.message)
    return
  }
  let imported = StoredText.read(StoredText.text(value, of: type), by: EntityReader(.importing), type)
  require(imported == value, "a value is another after an import")
}
