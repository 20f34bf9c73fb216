import Fixtures
import Foundation
import OData
import Profiles
import Stores
import Testing

/// Queries of items, of which a store leaves out some by itself, against the evaluator of expressions alone.
@Suite("Queries of items")
struct ItemQueryTests {
  private static let words = [
    "", "a", "A", "ab", "Büro", "100%_a", "O'Brien", "say \"hi\"", "back\\slash", "line\nfeed", "tab\t", "bell\u{7}",
    "{", "}", "携帯電話", "😀", "e\u{301}", "é", "mobile", "\"type\":\"mobile\"", "\\u0041",
    String(repeating: "long ", count: 30),
  ]
  private static let audiences: [String?] = [
    nil, "me", "family", "organization", "everyone", "organization,everyone", "contacts,groupMembers,organization",
  ]

  private static func text(_ text: String?) -> String {
    guard let text else { return "null" }
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Phones and positions of one person, also ones that are longer than a store looks at.
  private static func lines() throws -> [ImportLine] {
    let reader = ImportLineReader(
      defaultTenant: .demo, environment: ServiceEnvironment(now: { Sample.time }, makeID: { .random() }))
    var lines: [ImportLine] = ["ann", "bob"].map { .user(Sample.person($0)) }
    for number in 0..<160 {
      func word(_ step: Int) -> String? { number % step == 0 ? nil : words[number * step % words.count] }
      let name = number % 40 == 7 ? String(repeating: "lang ", count: 13_070) + (word(3) ?? "") : word(3)
      let day = String(format: "%02d", number % 28 + 1)
      let created = number % 9 == 0 ? "null" : #""2024-02-\#(day)T12:00:00.\#(number)Z""#
      let common = """
        "id":"i\(number * 37 % 160)","allowedAudiences":\(text(audiences[number % audiences.count])),\
        "createdDateTime":\(created),"createdBy":{"user":{"displayName":\(text(word(5) ?? "x")),"more" : "x"}}
        """
      let phone = """
        {\(common),"displayName":\(text(name)),"type":\(text(["mobile", "home", nil][number % 3])),\
        "number":\(text(word(7)))}
        """
      let position = """
        {\(common),"detail":{"jobTitle":\(text(word(4))),"company":{"displayName":\(text(name))}},\
        "categories":[\(text(word(6) ?? "y"))],"isCurrent":\(["true", "false", "null"][number % 3])}
        """
      for (collection, item) in [("phones", phone), ("positions", position)] {
        lines.append(
          try reader.line(Array(#"{"userId":"ann","collection":"\#(collection)","item":\#(item)}"#.utf8)))
      }
    }
    return lines
  }

  private struct Grammar {
    var random: SeededGenerator
    let collection: String

    mutating func pick<Element>(_ elements: [Element]) -> Element {
      elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    mutating func text() -> String {
      let word = pick(words.filter { $0.utf8.allSatisfy { $0 >= 0x20 || $0 == 9 || $0 == 10 } })
      let start = word.unicodeScalars.prefix(Int.random(in: 0...word.unicodeScalars.count, using: &random))
      return "'\((pick([true, false]) ? word : String(start)).replacing("'", with: "''"))'"
    }

    mutating func property() -> String {
      let common = ["id", "createdBy/user/displayName", "displayName", "type"]
      return pick(
        collection == "phones"
          ? common + ["displayName", "number", "number"]
          : ["id", "createdBy/user/displayName", "detail/jobTitle", "detail/company/displayName", "detail/jobTitle"])
    }

    mutating func comparison() -> String { pick(["eq", "eq", "eq", "ne", "gt", "ge", "lt", "le"]) }

    mutating func enumeration() -> String {
      guard collection == "phones" else { return "isCurrent eq true" }
      return pick([
        "type eq 'mobile'", "'Home' eq type", "type in ('home','other')", "type ne 'mobile'", "type eq null",
      ])
    }

    mutating func created() -> String {
      let day = String(format: "2024-02-%02d", Int.random(in: 1...29, using: &random))
      let value = pick([day, "\(day)T12:00:00Z", "\(day)T12:00:00.5Z", "null"])
      return pick([true, false])
        ? "createdDateTime \(comparison()) \(value)" : "\(value) \(comparison()) createdDateTime"
    }

    mutating func audience() -> String {
      let members = pick(["me", "family", "organization", "organization,everyone"])
      return "allowedAudiences \(pick(["has", "eq", "ne"])) '\(members)'"
    }

    /// A condition that fails on some items.
    mutating func failing() -> String {
      pick(["1 div length(\(property())) gt 0", "substring(\(property()),0,length(\(property())) sub 1) ne 'x'"])
        .replacing("type", with: "id")
    }

    mutating func condition(_ depth: Int) -> String {
      switch Int.random(in: 0..<(depth > 0 ? 16 : 10), using: &random) {
      case 0, 1: return "\(property()) \(comparison()) \(text())".replacing("type ", with: "id ")
      case 2: return "\(text()) eq \(property())".replacing("eq type", with: "eq id")
      case 3, 4: return enumeration()
      case 5: return created()
      case 6: return audience()
      case 7:
        return "\(pick(["startswith", "endswith", "contains"]))(\(property()),\(text()))".replacing(
          "(type,", with: "(id,")
      case 8: return "\(property()) in (\(text()),\(text()),\(text()))".replacing("type ", with: "id ")
      case 9: return pick([failing(), created(), enumeration()])
      case 10: return "not (\(condition(depth - 1)))"
      case 11, 12: return "(\(condition(depth - 1))) or (\(condition(depth - 1)))"
      default: return "(\(condition(depth - 1))) and (\(condition(depth - 1)))"
      }
    }
  }

  /// What the evaluator gives: the ids of the items for which the filter is true, and those on which it fails.
  private static func evaluated(
    _ filter: OData.Expression, _ items: [StoredItem], _ type: StructuredType
  ) throws -> (matches: [String], failures: Set<String>) {
    var (matches, failures): ([String], Set<String>) = ([], [])
    for item in items {
      let value = StructuredValue(
        try EntityReader(.restore, dialect: .strict).read(item.json, as: type), of: type)
      do {
        if try filter.isSatisfied(by: value, now: Sample.time) { matches.append(item.key.id.text) }
      } catch {
        failures.insert(item.key.id.text)
      }
    }
    return (matches, failures)
  }

  private static func filled(_ store: any AdministeredStore) throws -> any AdministeredStore {
    var rest = try lines()[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst() }
    return store
  }

  private static func callers() -> [Caller] {
    ["ann", "bob"].map {
      Caller(actor: .user(Sample.userID($0)), tenant: .demo, permissions: [.userRead, .userReadAll])
    }
  }

  /// All pages of a list, or the failure that ends it.
  private static func pages(
    _ session: ItemListQueue, _ request: CollectionRequest, _ options: QueryOptions, limit: Int
  ) async -> Result<[String], ProfileError> {
    var (ids, place): ([String], KeysetPosition?) = ([], nil)
    repeat {
      switch await session.list(request, ListQuery(options, limit: limit, after: place)) {
      case .failure(let error): return .failure(error)
      case .success(let page):
        ids += page.ids
        place = page.next
      }
    } while place != nil
    return .success(ids)
  }

  @Test("Random filters give on PostgreSQL what they give on SQLite, and what the evaluator gives, page after page")
  func pages() async throws {
    let database = try await ThrowawayDatabase()
    let stores = [try Self.filled(try SQLiteStore.temporary()), try Self.filled(try database.store())]
    let sessions = try stores.map { try ItemListQueue($0) }
    var (matched, failed, narrowed) = (0, 0, 0)
    for name in ["phones", "positions"] {
      let collection = try #require(ProfileModel.collection(named: name))
      let items = try await Self.items(stores[1], in: name)
      var grammar = Grammar(random: .replayable("Queries of items"), collection: name)
      for number in 0..<250 {
        // Chance alone draws too few filters that fail.
        let filter = number.isMultiple(of: 5) ? grammar.failing() : grammar.condition(3)
        let order = grammar.pick(["", "", "&$orderby=id desc", "&$orderby=createdDateTime desc"])
        let encoded = (Self.encoded(filter)) + order
        let options = try QueryOptions("$filter=\(encoded)".utf8, of: collection.target, supporting: .list)
        let expression = try #require(options.filter)
        narrowed += ItemCondition(impliedBy: expression, of: collection.target) == nil ? 0 : 1
        let caller = grammar.pick(Self.callers())
        let limit = grammar.pick([1, 7, 100, 999])
        let request = CollectionRequest(owner: .id(Sample.userID("ann")), collection: collection, caller: caller)
        let found = await Self.pages(sessions[1], request, options, limit: limit)
        #expect(await Self.pages(sessions[0], request, options, limit: limit) == found, "\(filter) for \(caller.actor)")
        let counts = [
          await sessions[0].count(request, ListQuery(options, limit: 0)),
          await sessions[1].count(request, ListQuery(options, limit: 0)),
        ]
        #expect(counts[0] == counts[1], "\(filter)")
        let seen = items.filter {
          caller.userID == Sample.userID("ann") || !$0.audience.isDisjoint(with: [.organization, .everyone])
        }
        let evaluated = try Self.evaluated(expression, seen, collection.target)
        if !evaluated.failures.isEmpty {
          failed += 1
          #expect(order.isEmpty || (try? found.get()) == nil, "\(filter)")
          continue
        }
        let ids = try found.get()
        #expect(Set(ids) == Set(evaluated.matches) && ids.count == evaluated.matches.count, "\(filter)")
        #expect(order.isEmpty == false || ids == evaluated.matches, "\(filter)")
        #expect(try counts[0].get() == ids.count, "\(filter)")
        matched += ids.count
      }
    }
    #expect(matched > 1_000 && failed > 10 && narrowed > 100, "\(matched), \(failed), \(narrowed): they show nothing")
    for store in stores { store.close() }
    try await database.remove()
  }

  /// The filter as a part of a URL.
  private static func encoded(_ filter: String) -> String {
    filter.replacing("%", with: "%25").replacing("\n", with: "%0A").replacing("\t", with: "%09")
      .replacing("+", with: "%2B").replacing("&", with: "%26").replacing("#", with: "%23")
  }

  /// The items of a collection that a store gives for a condition, to their owner.
  private static func items(
    _ store: any ProfileStore, in collection: String, where condition: ItemCondition? = nil
  ) async throws -> [StoredItem] {
    let reader = try store.makeReader { $0() }
    var items: [StoredItem] = []
    while true {
      let selection = ItemSelection(
        after: items.last.map { ItemPosition(of: $0) }, limit: Limits.itemsPerCollectionMax, where: condition)
      let page = try await withCheckedContinuation { continuation in
        reader.items(of: Sample.userID("ann"), in: collection, for: .everything, selection) {
          continuation.resume(returning: $0)
        }
      }.get().page
      items += page.elements
      if page.isLast { return items }
    }
  }

  @Test("What PostgreSQL leaves out for a filter, the evaluator leaves out, without failing on it")
  func narrowed() async throws {
    let database = try await ThrowawayDatabase()
    let store = try Self.filled(try database.store())
    for name in ["phones", "positions"] {
      let type = try #require(ProfileModel.collection(named: name)).target
      let items = try await Self.items(store, in: name)
      var grammar = Grammar(random: .replayable("Narrowed filters"), collection: name)
      var leftOut = 0
      for _ in 0..<400 {
        let filter = grammar.condition(3)
        let options = try QueryOptions("$filter=\(Self.encoded(filter))".utf8, of: type, supporting: .list)
        let expression = try #require(options.filter)
        guard let condition = ItemCondition(impliedBy: expression, of: type) else { continue }
        let given = try await Self.items(store, in: name, where: condition)
        let evaluated = try Self.evaluated(expression, items, type)
        let wanted = items.map(\.key.id.text).filter {
          evaluated.matches.contains($0) || evaluated.failures.contains($0)
        }
        #expect(Set(wanted).isSubset(of: given.map(\.key.id.text)), "\(filter)")
        #expect(given.map(\.key) == items.filter { given.contains($0) }.map(\.key), "\(filter)")
        leftOut += items.count - given.count
      }
      #expect(leftOut > 5_000, "Nothing is left out")
    }
    store.close()
    try await database.remove()
  }
}
