/// Reads JSON against a declared type (OData JSON 4.01 sections 6 and 7). The result is a value that the type allows,
/// or an error that names the property at fault.
public struct EntityReader: Sendable {
  /// What the JSON is read for.
  public enum Purpose: Sendable {
    /// A client creates an entity: keys and read-only properties are ignored (OData 4.01 Part 1 section 11.4.2).
    case create
    /// A client updates an entity: as `create`, and `unknownFutureValue` counts as absent (OData 4.01 Part 1 section
    /// 11.4.3).
    case update
    /// An operator imports data: every property counts, and the bounds of values hold.
    case importing
    /// The server reads what it stored: every property counts, and no bound is checked again.
    case restore

    /// Whether keys and read-only properties are set too.
    var setsEverything: Bool { self == .importing || self == .restore }
  }

  /// What the JSON is read for.
  let purpose: Purpose
  /// Whether names in snake_case and in other cases are accepted.
  let lenientNames: Bool
  /// The grammar that is accepted.
  let dialect: JSONReader.Dialect

  /// A reader. `lenientNames` also accepts `display_name` and `DisplayName` for `displayName` (`--lenient-names`).
  public init(_ purpose: Purpose, lenientNames: Bool = false, dialect: JSONReader.Dialect = .graph) {
    self.purpose = purpose
    self.lenientNames = lenientNames
    self.dialect = dialect
  }

  /// Reads a whole body, after an optional byte order mark, as one object of `type`.
  ///
  /// - Throws: `BodyError` when the body is not JSON, or not a value of `type`.
  public func read(_ body: UnsafeBufferPointer<UInt8>, as type: StructuredType) throws(BodyError) -> StructuredPatch {
    var reader = JSONReader(body, dialect: dialect)
    let patch: StructuredPatch
    do {
      try reader.skipByteOrderMark()
      guard try reader.peek() == .object else {
        try reader.skipValue()
        try reader.finish()
        throw BodyError.notAnObject
      }
      patch = try readObject(&reader, as: type, path: PropertyPath())
      try reader.finish()
    } catch let error as JSONError {
      throw .malformed(error)
    } catch let error as BodyError {
      throw error
    } catch {
      throw .notAnObject
    }
    return patch
  }

  /// Reads a whole body, as `read` for a buffer does.
  ///
  /// - Throws: `BodyError` when the body is not JSON, or not a value of `type`.
  public func read(_ body: [UInt8], as type: StructuredType) throws(BodyError) -> StructuredPatch {
    let result: Result<StructuredPatch, BodyError> = body.withUnsafeBufferPointer { bytes in
      do throws(BodyError) { return .success(try read(bytes, as: type)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Reads one object at the position of `reader`, as a part of a larger text.
  ///
  /// - Throws: `JSONError` when the text is not JSON, `BodyError` when the object is not a value of `type`.
  public func readObject(_ reader: inout JSONReader, as type: StructuredType) throws -> StructuredPatch {
    try readObject(&reader, as: type, path: PropertyPath())
  }

  /// Reads the value of one property, in the form in which `StructuredValue` holds it after reading a whole object.
  ///
  /// - Throws: `BodyError` when the text is not JSON, or not a value of the property.
  func read(_ value: ArraySlice<UInt8>, as property: Property) throws(BodyError) -> Value {
    let change: Result<StructuredPatch.Change, BodyError> = value.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes, dialect: dialect)
      do {
        let change = try readMember(&reader, property, path: PropertyPath())
        try reader.finish()
        return .success(change)
      } catch let error as JSONError {
        return .failure(.malformed(error))
      } catch let error as BodyError {
        return .failure(error)
      } catch {
        return .failure(.notAnObject)
      }
    }
    return StructuredPatch.result(of: try change.get(), on: .null, property) ?? StructuredValue.unset(property)
  }

  // MARK: Objects

  private func readObject(
    _ reader: inout JSONReader, as type: StructuredType, path: PropertyPath
  ) throws -> StructuredPatch {
    var patch = StructuredPatch(of: type)
    var seen = SeenNames()
    var next = 0
    try reader.beginObject()
    while let name = try reader.nextName() {
      if let index = type.propertyIndex(of: name, likely: next) {
        next = index + 1
        try seen.insert(index, at: name.offset)
        patch.members[index] = try readMember(&reader, type.properties[index], path: path)
      } else if name.withBytes({ $0.contains(UInt8(ascii: "@")) }) {
        try seen.insert(name)
        try readAnnotation(&reader, name, of: type, into: &patch)
      } else if lenientNames, let property = Self.property(meantBy: name.string, in: type) {
        try seen.insert(property.index, at: name.offset)
        patch.members[property.index] = try readMember(&reader, property, path: path)
      } else if type.isOpen {
        try seen.insert(name)
        try readDynamic(&reader, name, into: &patch, path: path)
      } else {
        throw unknownProperty(name.string, of: type, path: path)
      }
    }
    return patch
  }

  private func readMember(
    _ reader: inout JSONReader, _ property: Property, path: PropertyPath
  ) throws -> StructuredPatch.Change {
    let isIgnored = !property.traits.isDisjoint(with: [.key, .readOnly])
    if isIgnored, !purpose.setsEverything {
      try reader.skipValue()
      return .absent
    }
    let path = path.appending(property.name)
    if !property.isPlain, let change = try readSpecial(&reader, property, path: path) { return change }
    if try reader.peek() == .null {
      try reader.readNull()
      guard property.isNullable || property.isCollection else { throw BodyError.notNullable(property: path.text) }
      return .null
    }
    guard property.isCollection else { return try readSingle(&reader, property, path: path) }
    return try readCollection(&reader, property, path: path)
  }

  /// Reads a property that is not read like others; returns nil, and reads nothing, where it is here.
  @inline(never)
  private func readSpecial(
    _ reader: inout JSONReader, _ property: Property, path: PropertyPath
  ) throws -> StructuredPatch.Change? {
    if property.refusal != nil { try checkAccepted(property, &reader, path: path) }
    if property.traits.contains(.computed), purpose != .restore {
      // It is null here, which sets nothing.
      try reader.skipValue()
      return .absent
    }
    return property.traits.contains(.discarded) ? try discard(&reader, property, path: path) : nil
  }

  /// Throws `BodyError.refused` for a property that cannot be set. An import can set everything that is stored.
  private func checkAccepted(_ property: Property, _ reader: inout JSONReader, path: PropertyPath) throws {
    guard let refusal = property.refusal else { return }
    let isAccepted =
      switch purpose {
      case .create: property.traits.contains(.discarded)
      case .update: false
      case .importing: try !property.traits.contains(.computed) || reader.peek() == .null
      case .restore: true
      }
    guard isAccepted else { throw BodyError.refused(property: path.text, reason: refusal) }
  }

  /// Reads a value against its type and keeps nothing of it.
  private func discard(
    _ reader: inout JSONReader, _ property: Property, path: PropertyPath
  ) throws -> StructuredPatch.Change {
    if try reader.peek() == .null {
      try reader.readNull()
    } else if property.isCollection {
      _ = try readCollection(&reader, property, path: path)
    } else {
      _ = try readSingle(&reader, property, path: path)
    }
    return .absent
  }

  private func readSingle(
    _ reader: inout JSONReader, _ property: Property, path: PropertyPath
  ) throws -> StructuredPatch.Change {
    switch property.type {
    case .primitive(let kind):
      return .value(try PrimitiveReader(path: path, enforcesLimits: purpose != .restore).read(&reader, as: kind))
    case .enumeration(let type):
      return try readEnumeration(&reader, type, path: path)
    case .complex(let type):
      guard try reader.peek() == .object else {
        throw BodyError.wrongKind(property: path.text, expected: "a JSON object of type '\(type.qualifiedName)'")
      }
      return .merge(try readObject(&reader, as: type, path: path))
    }
  }

  /// Reads a collection, which replaces the stored one. Its elements are complete values.
  private func readCollection(
    _ reader: inout JSONReader, _ property: Property, path: PropertyPath
  ) throws -> StructuredPatch.Change {
    guard try reader.peek() == .array else {
      guard property.traits.contains(.singleOrCollection) else {
        throw BodyError.wrongKind(property: path.text, expected: "a JSON array")
      }
      return .value(.collection([try readElement(&reader, property, path: path)]))
    }
    var elements: [Value] = []
    try reader.beginArray()
    while try reader.nextElement() {
      guard elements.count < Limits.collectionElementsMax || purpose == .restore else {
        throw BodyError.tooLarge(property: path.text, bound: "at most \(Limits.collectionElementsMax) elements")
      }
      elements.append(try readElement(&reader, property, path: path))
    }
    return .value(.collection(elements))
  }

  private func readElement(_ reader: inout JSONReader, _ property: Property, path: PropertyPath) throws -> Value {
    guard try reader.peek() != .null else {
      throw BodyError.invalidValue(property: path.text, reason: "must not contain null")
    }
    switch try readSingle(&reader, property, path: path) {
    case .value(let value): return value
    case .merge(let patch):
      return StructuredPatch.result(of: .merge(patch), on: .null, property) ?? .null
    case .absent, .null:
      throw BodyError.invalidValue(property: path.text, reason: "must not contain unknownFutureValue")
    }
  }

  private func readEnumeration(
    _ reader: inout JSONReader, _ type: EnumType, path: PropertyPath
  ) throws -> StructuredPatch.Change {
    let input: EnumType.Input?
    switch try reader.peek() {
    case .string: input = type.input(try reader.readString().utf8)
    case .number: input = try reader.readNumber().int64.flatMap { type.input(number: $0) }
    case .object, .array, .boolean, .null: input = nil
    }
    switch input {
    case .value(let value): return .value(.enumeration(value))
    case .unknownFutureValue where purpose == .update: return .absent
    case .unknownFutureValue, nil:
      throw BodyError.unknownMember(property: path.text, type: type.qualifiedName)
    }
  }

  // MARK: Annotations and undeclared members

  /// Reads an annotation. Annotations never cause an error (OData 4.01 Part 1 section 6.4), except a contradicting type
  /// and a bind operation.
  private func readAnnotation(
    _ reader: inout JSONReader, _ name: JSONReader.Text, of type: StructuredType, into patch: inout StructuredPatch
  ) throws {
    if try readBinding(&reader, name, of: type, into: &patch) { return }
    guard try reader.peek() == .string else { return try reader.skipValue() }
    let value = try reader.readString()
    if name.equals(Self.typeAnnotation) || name.equals(Self.shortTypeAnnotation) {
      guard type.isNamed(byAnnotation: value.string) else {
        throw BodyError.contradictingType(expected: type.qualifiedName)
      }
    } else if name.equals(Self.entityTagAnnotation) {
      patch.entityTag = value.string
    }
  }

  /// Reads `name@odata.bind` of a navigation property without containment (OData JSON 4.01 section 8.5); false when the
  /// annotation is another one.
  private func readBinding(
    _ reader: inout JSONReader, _ name: JSONReader.Text, of type: StructuredType, into patch: inout StructuredPatch
  ) throws -> Bool {
    guard name.hasSuffix(Self.bindAnnotation) || name.hasSuffix(Self.shortBindAnnotation) else { return false }
    let text = name.string
    let names = type.navigation.filter { !$0.containsTarget }.map { (navigation: $0, name: "\($0.name)@odata.bind") }
    // A bind operation is not a mere annotation: ignoring it would silently lose a relationship.
    guard let navigation = names.first(where: { $0.name.hasSameBytes(as: text) })?.navigation,
      try !navigation.isCollection || reader.peek() == .array
    else {
      let suggestion = names.first { $0.name.isSameName(as: text) && !$0.name.hasSameBytes(as: text) }?.name
      throw BodyError.unknownProperty(PropertyPath.printable(text), type: type.qualifiedName, suggestion: suggestion)
    }
    guard navigation.isCollection else {
      guard try reader.peek() == .string else {
        throw BodyError.invalidValue(
          property: text, reason: "must be the address of one entity; a reference is taken away by DELETE of its $ref")
      }
      patch.bindings[navigation.name] = [try reader.readString().string]
      return true
    }
    try reader.beginArray()
    while try reader.nextElement() {
      patch.bindings[navigation.name, default: []].append(try reader.readString().string)
    }
    return true
  }

  private static let bindAnnotation = Array("@odata.bind".utf8)
  private static let shortBindAnnotation = Array("@bind".utf8)
  private static let typeAnnotation = Array("@odata.type".utf8)
  private static let shortTypeAnnotation = Array("@type".utf8)
  private static let entityTagAnnotation = Array("@odata.etag".utf8)

  private func readDynamic(
    _ reader: inout JSONReader, _ name: JSONReader.Text, into patch: inout StructuredPatch, path: PropertyPath
  ) throws {
    let path = path.appending(PropertyPath.printable(name.string))
    guard patch.dynamic.count < Limits.dynamicMembersMax || purpose == .restore else {
      throw BodyError.tooManyUndeclared(property: path.text)
    }
    guard try reader.peek() != .null else {
      try reader.readNull()
      return patch.dynamic.append((name.string, nil))
    }
    let json = try reader.readRawValue()
    guard name.utf8Count + json.count <= Limits.stringBytesMax || purpose == .restore else {
      throw BodyError.tooLarge(
        property: path.text, bound: "at most \(Limits.stringBytesMax) bytes of name and value")
    }
    patch.dynamic.append((name.string, json))
  }

  private func unknownProperty(_ name: String, of type: StructuredType, path: PropertyPath) -> BodyError {
    if let navigation = type.navigation.first(where: { $0.name.isSameName(as: name) }) {
      return .inlineNavigation(navigation.name)
    }
    return .unknownProperty(
      path.appending(PropertyPath.printable(name)).text, type: type.qualifiedName,
      suggestion: Self.property(meantBy: name, in: type)?.name)
  }

  /// The property that is meant by a name in another case, as `DisplayName`, or in snake_case, as `display_name`.
  private static func property(meantBy name: String, in type: StructuredType) -> Property? {
    type.property(inAnyCase: camelCased(name) ?? name)
  }

  /// `display_name` becomes `displayName`; nil for a name without an underscore.
  private static func camelCased(_ name: String) -> String? {
    guard name.utf8.contains(UInt8(ascii: "_")) else { return nil }
    let words = name.split(separator: "_")
    guard let first = words.first else { return nil }
    // Append in place, which is linear in the length of a name that a client chose.
    return words.dropFirst().reduce(into: String(first)) { camelCased, word in
      camelCased += word.prefix(1).uppercased()
      camelCased += word.dropFirst()
    }
  }
}

/// The member names of one object so far. RFC 8259 section 4 leaves the meaning of a duplicate open, so one is an
/// error.
private struct SeenNames {
  private var declared: UInt64 = 0
  /// The properties from the 65th on, which few types have.
  private var furtherDeclared: UInt64 = 0
  private var others = MemberNames()

  mutating func insert(_ index: Int, at offset: Int) throws(JSONError) {
    let bit: UInt64 = 1 << UInt64(index & 63)
    guard index < 64 else {
      guard furtherDeclared & bit == 0 else { throw JSONError(.duplicateMember, at: offset) }
      furtherDeclared |= bit
      return
    }
    guard declared & bit == 0 else { throw JSONError(.duplicateMember, at: offset) }
    declared |= bit
  }

  mutating func insert(_ name: JSONReader.Text) throws(JSONError) {
    guard others.insert(name) else { throw JSONError(.duplicateMember, at: name.offset) }
  }
}
