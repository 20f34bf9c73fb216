import OData
import Testing

@Suite("Properties that bodies cannot set")
struct RefusedPropertyTests {
  private static let type: StructuredType = {
    let declared: [PropertyDeclaration] =
      [
        .string("name", ""), .string("stamp", "").refused("is read-only"),
        .string("made", "").traits([.computed, .omittedWhenNull]).refused("is made of others"),
        .named("secret", "secret", "").traits([.discarded, .omittedWhenNull]).refused("is kept nowhere"),
        .string("tags", "").collection.nonNullable.traits(.omittedWhenNull),
      ] + (0..<80).map { .string("p\($0)", "").traits(.omittedWhenNull) }
    do throws(EntityModel.DeclarationError) {
      let model = try EntityModel(
        namespace: "n", enums: [],
        types: [
          .entity("thing", base: nil, unoffered: ["ghost"], "", declared),
          .complex("secret", "", [.string("word", "")]),
        ], roots: [.singleton("me", of: "thing")])
      return model.type(named: "thing") ?? model.structuredTypes[0]
    } catch {
      preconditionFailure("The model of the tests is wrong: \(error)")
    }
  }()

  private func read(_ json: String, _ purpose: EntityReader.Purpose) throws -> StructuredPatch {
    try EntityReader(purpose).read(Array(json.utf8), as: Self.type)
  }

  private func error(_ json: String, _ purpose: EntityReader.Purpose) -> BodyError? {
    do {
      _ = try read(json, purpose)
      return nil
    } catch {
      return error as? BodyError
    }
  }

  @Test("A refused property is refused with its reason, whatever its value, and imported")
  func refused() throws {
    for purpose in [EntityReader.Purpose.create, .update] {
      for value in ["\"x\"", "null", "5"] {
        #expect(
          error("{\"stamp\":\(value)}", purpose) == .refused(property: "stamp", reason: "is read-only"), "\(value)")
      }
    }
    let stamp = try #require(Self.type.property(named: "stamp"))
    #expect(try read(#"{"stamp":"x"}"#, .importing).members[stamp.index] == .value(.string("x")))
  }

  @Test("A computed property is never read, and an import may hold it without a value")
  func computed() throws {
    let fault = BodyError.refused(property: "made", reason: "is made of others")
    for purpose in [EntityReader.Purpose.create, .update, .importing] {
      #expect(error(#"{"made":"x"}"#, purpose) == fault)
    }
    #expect(try read(#"{"made":null}"#, .importing) == StructuredPatch(of: Self.type))
  }

  @Test("A discarded property is checked by a creation, and nothing of it is kept")
  func discarded() throws {
    for purpose in [EntityReader.Purpose.create, .importing] {
      for value in [#"{"word":"x"}"#, "null"] {
        #expect(try read("{\"secret\":\(value)}", purpose) == StructuredPatch(of: Self.type))
      }
      #expect(error(#"{"secret":{"word":5}}"#, purpose) != nil)
      #expect(error(#"{"secret":"x"}"#, purpose) != nil)
    }
    #expect(error(#"{"secret":{"word":"x"}}"#, .update) == .refused(property: "secret", reason: "is kept nowhere"))
  }

  @Test("A member that stands twice is refused, also beyond the 64th property")
  func duplicates() throws {
    for name in ["name", "p57", "p58", "p59", "p60", "p79"] {
      #expect(error("{\"\(name)\":\"a\",\"\(name)\":\"b\"}", .create) != nil, "\(name)")
    }
    let all = (0..<80).map { "\"p\($0)\":\"\($0)\"" }.joined(separator: ",")
    #expect(try read("{\(all)}", .create).members.count { $0 != .absent } == 80)
  }

  @Test("What is not set is left out where the property says so, an empty collection too")
  func leftOut() {
    var writer = EntityWriter()
    writer.object(StructuredValue(of: Self.type), of: Self.type)
    #expect(String(decoding: writer.json.bytes, as: UTF8.self) == #"{"name":null,"stamp":null}"#)
  }

  @Test("Queries select what they cannot compare, and names that are not offered are named")
  func queries() throws {
    func options(_ query: String) throws(QueryError) -> QueryOptions {
      try QueryOptions(query.utf8, of: Self.type, supporting: .list)
    }
    let selection = try #require(try options("$select=made,secret,name").selection)
    #expect(selection.computed(of: Self.type).map(\.name) == ["made"])
    for query in ["$filter=made%20eq%20'x'", "$orderby=made", "$filter=secret/word%20eq%20'x'"] {
      do throws(QueryError) {
        _ = try options(query)
        Issue.record("\(query) was accepted")
      } catch {
        if case .notComparable = error { continue }
        Issue.record("\(query): \(error)")
      }
    }
    for query in ["$select=ghost", "$select=GHOST", "$filter=ghost%20eq%201", "$orderby=ghost"] {
      do throws(QueryError) {
        _ = try options(query)
        Issue.record("\(query) was accepted")
      } catch {
        guard case .notImplemented(_, "ghost", _) = error else {
          Issue.record("\(query): \(error)")
          continue
        }
      }
    }
  }
}
