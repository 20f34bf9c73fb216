import Fixtures
import OData
import Testing

@testable import Profiles

/// Editing single members is compared with reading, patching and writing the whole entity.
@Suite("EntityEditor")
struct EntityEditorTests {
  private static let entityTypes = ProfileModel.model.structuredTypes.filter { $0.isEntity && !$0.isAbstract }

  /// An entity in which nothing but its key is set.
  private static func unset(_ type: StructuredType) -> StructuredValue {
    var value = StructuredValue(of: type)
    for property in type.properties {
      if let meaning = property.nullMeaning { value.members[property.index] = meaning }
      guard !property.isNullable, !property.isCollection, property.nullMeaning == nil else { continue }
      if case .primitive(.boolean) = property.type {
        value.members[property.index] = .bool(false)
      } else {
        value.members[property.index] = .string("1")
      }
    }
    return value
  }

  /// A written entity.
  private struct Written: Equatable {
    let json: [UInt8]
    let collapsible: Range<Int>?
    var text: String { String(decoding: json, as: UTF8.self) }

    init(_ value: StructuredValue, of type: StructuredType) {
      var writer = EntityWriter()
      writer.object(value, of: type)
      json = writer.json.bytes
      collapsible = writer.collapsible.first
    }

    init(_ edited: (json: [UInt8], collapsible: Range<Int>?)) { (json, collapsible) = edited }
  }

  @Test("Random patches of every type leave the bytes that writing the whole entity would leave")
  func randomPatches() throws {
    var generator = SeededGenerator.replayable("Entity editor")
    for type in Self.entityTypes {
      var value = Self.unset(type)
      for step in 0..<60 {
        let written = Written(value, of: type)
        value = try #require(StructuredValue(stored: written.json, of: type))
        var editor = try EntityEditor(written.json, collapsible: written.collapsible, of: type)
        let patch = generator.patch(of: type, share: step % 3 == 0 ? 0.9 : 0.2)
        let changed = try editor.apply(patch)
        #expect(changed == patch.apply(to: &value, of: type), "\(type.name)")
        #expect(Written(editor.edited()) == Written(value, of: type), "\(type.name)")
        for property in type.properties {
          #expect(try editor.value(of: property) == value.members[property.index], "\(type.name).\(property.name)")
        }
      }
    }
  }

  @Test("An entity in another form is written anew")
  func otherForms() throws {
    var generator = SeededGenerator.replayable("Entity editor, other forms")
    for type in Self.entityTypes {
      var value = Self.unset(type)
      _ = generator.patch(of: type, share: 1).apply(to: &value, of: type)
      let written = Written(value, of: type)
      for text in [" " + written.text, written.text.replacing("{\"", with: "{ \""), written.text + "\n"] {
        let editor = try EntityEditor(Array(text.utf8), collapsible: nil, of: type)
        #expect(Written(editor.edited()) == written, "\(type.name)")
      }
    }
  }

  @Test("What is not an entity is refused at once, and a damaged member when it is read")
  func damage() throws {
    let written = Array(PagePhone.json().utf8)
    for end in 0..<written.count {
      #expect(throws: BodyError.self) {
        try EntityEditor(Array(written[..<end]), collapsible: nil, of: PhoneBody.type)
      }
    }
    let damaged = Array(PagePhone.json().replacing("\"mobile\"", with: "7.5").utf8)
    let editor = try EntityEditor(damaged, collapsible: nil, of: PhoneBody.type)
    #expect(throws: BodyError.self) {
      try editor.value(of: try #require(PhoneBody.type.property(named: "type")))
    }
    #expect(
      try editor.value(of: try #require(PhoneBody.type.property(named: "displayName"))) == .string("Car Phone"))
  }
}

extension SeededGenerator {
  private static let texts = ["", "a", "Zo\u{EB}", "\"q\\", "{\"[,]}:", "\u{1F600}\n\t\u{1}", "null", "long " + "x"]

  private mutating func isTrue(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }

  /// A patch that holds about this share of the properties, without those that no body leaves in an entity.
  fileprivate mutating func patch(of type: StructuredType, share: Double, depth: Int = 0) -> StructuredPatch {
    var patch = StructuredPatch(of: type)
    for property in type.properties where isTrue(share) && !property.traits.contains(.discarded) {
      let mayBeNull = property.isNullable || property.isCollection
      patch.members[property.index] = mayBeNull && isTrue(0.2) ? .null : change(of: property, share, depth)
    }
    if type.isOpen, isTrue(0.5) {
      patch.dynamic.append(
        (name: "n\(Int.random(in: 0...3, using: &self))", json: isTrue(0.3) ? nil : Array("[1,\"]\"]".utf8)))
    }
    return patch
  }

  private mutating func change(of property: Property, _ share: Double, _ depth: Int) -> StructuredPatch.Change {
    if property.isCollection {
      let count = Int.random(in: 0...2, using: &self)
      return .value(.collection((0..<count).map { _ in element(of: property, depth) }))
    }
    guard case .complex(let type) = property.type else { return .value(element(of: property, depth)) }
    return .merge(patch(of: type, share: depth < 3 ? max(share, 0.4) : 0, depth: depth + 1))
  }

  private mutating func element(of property: Property, _ depth: Int) -> Value {
    switch property.type {
    case .primitive(let kind): primitive(kind)
    case .enumeration(let type):
      .enumeration(type.members.filter { $0.name != EnumType.sentinelName }.randomElement(using: &self)?.value ?? 0)
    case .complex(let type):
      .complex(StructuredValue(patch(of: type, share: depth < 3 ? 0.5 : 0, depth: depth + 1), of: type))
    }
  }

  private mutating func primitive(_ kind: PrimitiveKind) -> Value {
    switch kind {
    case .boolean: .bool(isTrue(0.5))
    case .int32, .int64: .int(Int64.random(in: -5...5_000, using: &self))
    case .double: .double(Double.random(in: -1e3...1e3, using: &self))
    case .string: .string(Self.texts.randomElement(using: &self) ?? "")
    case .date: CalendarDate(dayNumber: Int.random(in: 0...3_000_000, using: &self)).map(Value.date) ?? .null
    case .dateTimeOffset: .dateTime(DateTimeOffset(unixSeconds: Int64.random(in: 0...4_000_000_000, using: &self)))
    }
  }
}
