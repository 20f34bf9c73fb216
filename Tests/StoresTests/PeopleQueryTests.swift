import Dispatch
import Fixtures
import Foundation
import OData
import Profiles
import Stores
import Testing

/// Queries of people through SQL against the same queries through the evaluator of expressions alone.
@Suite("Queries of people")
struct PeopleQueryTests {
  private static let words = [
    "", "a", "A", "ab", "Ann", "Äbc", "b%_", "b'", "a\u{0}b", "zoë@x", "u2", "AB", "äBC", "a\u{308}bc", "ZOE\u{308}@X",
    "straße",
    "STRASSE", "Σας", "σΑΣ",
  ]

  private static func people() -> [StoredUser] {
    (0..<60).map { number in
      let name: String? = number.isMultiple(of: 7) ? nil : words[number % words.count]
      let job: String? = number.isMultiple(of: 4) ? nil : words[(number * 5) % words.count]
      let principal: String? = number.isMultiple(of: 3) ? nil : "\(words[number % 19])u\(number)@Contoso.example"
      func member(_ name: String, _ text: String?) -> String {
        guard let text else { return "\"\(name)\":null" }
        return "\"\(name)\":\"\(text.replacing("\u{0}", with: "\\u0000"))\""
      }
      let json = """
        {"id":"u\(number)",\(member("displayName", name)),\(member("jobTitle", job)),\
        \(member("userPrincipalName", principal)),\(member("officeLocation", job.map { "office \($0)" })),\
        "businessPhones":["+1 425 \(1_000 + number)","\(number % 5)"]}
        """
      return StoredUser(
        id: Sample.userID("u\(number)"), tenant: .demo, principalName: principal, displayName: name, version: .first,
        json: Array(json.utf8))
    }
  }

  private struct Grammar {
    var random: SeededGenerator

    mutating func pick<Element>(_ elements: [Element]) -> Element {
      elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    mutating func literal() -> String {
      pick(words.filter { !$0.utf8.contains(0) }.map { "'\($0.replacing("'", with: "''"))'" } + ["null"])
    }

    mutating func property() -> String {
      pick(["displayName", "userPrincipalName", "id", "jobTitle", "officeLocation", "department"])
    }

    mutating func search() -> String {
      let word = pick([
        "ann", "ABC", "contoso", "zoë", "office", "1010", "\"jobTitle:ab\"", "\"displayName:contoso\"", "u2",
      ])
      return pick([word, "NOT \(word)", "\(word) OR straße", "\(word) office", "\"strasse\""])
    }

    mutating func condition(_ depth: Int) -> String {
      switch Int.random(in: 0..<(depth > 0 ? 10 : 5), using: &random) {
      case 0, 1: return "\(property()) \(pick(["eq", "ne", "gt", "ge", "lt", "le"])) \(literal())"
      case 2: return "\(literal()) \(pick(["eq", "ne", "gt", "ge", "lt", "le"])) \(property())"
      case 3: return "\(pick(["startswith", "endswith", "contains"]))(\(property()),\(literal()))"
      case 4: return "\(property()) in (\(literal()),\(literal()))"
      case 5: return "not (\(condition(depth - 1)))"
      case 6:
        let number = Int.random(in: 1_000..<1_060, using: &random)
        return pick([
          "businessPhones/any(p:p eq '+1 425 \(number)')",
          "businessPhones/any(p:startswith(p,'+1 425 \(number / 10)'))",
          "businessPhones/any(p:p eq '\(number % 7)')", "'\(number % 7)' in businessPhones",
        ])
      default: return "(\(condition(depth - 1))) \(pick(["and", "or"])) (\(condition(depth - 1)))"
      }
    }

    mutating func order() -> String {
      pick([
        "", "displayName", "displayName desc", "userPrincipalName desc,displayName", "id desc", "jobTitle,displayName",
        "length(displayName) desc", "jobTitle", "jobTitle desc", "userPrincipalName",
      ])
    }
  }

  /// What the evaluator alone gives, in order.
  private static func expected(_ options: QueryOptions, _ people: [StoredUser]) throws -> [String] {
    let now = Sample.time
    var matches: [(place: KeysetPosition, id: String)] = []
    let ordering = options.ordering ?? Ordering([])
    for person in people {
      let patch = try EntityReader(.restore, dialect: .strict).read(person.json, as: ProfileModel.user)
      var value = StructuredValue(of: ProfileModel.user)
      _ = patch.apply(to: &value, of: ProfileModel.user)
      guard try options.filter?.isSatisfied(by: value, now: now) ?? true else { continue }
      guard options.search?.matches(value, of: ProfileModel.user) ?? true else { continue }
      matches.append((try ordering.position(of: value, id: person.id.text, now: now), person.id.text))
    }
    return matches.sorted { ordering.precedes($0.place, $1.place) }.map(\.id)
  }

  @Test("Random filters and orders give what the evaluator gives, page after page, on SQLite")
  func sqlite() async throws { try await compare(try SQLiteStore.temporary()) }

  @Test("The same on PostgreSQL")
  func postgresql() async throws {
    let database = try await ThrowawayDatabase()
    try await compare(try database.store())
    try await database.remove()
  }

  private func compare(_ store: any ProfileStore) async throws {
    let people = Self.people()
    var rest = people[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst().map { .user($0) } }
    let session = try SessionQueue(store)
    let caller = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])
    var grammar = Grammar(random: .replayable("Queries of people"))
    var seen = 0
    for _ in 0..<400 {
      let filter = grammar.condition(3)
      let order = grammar.order()
      var query = "$filter=\(filter)"
      if !order.isEmpty { query += "&$orderby=\(order)" }
      if Bool.random(using: &grammar.random) { query += "&$search=\(grammar.search())" }
      let encoded = query.replacing("%", with: "%25").replacing("+", with: "%2B")
      let options = try QueryOptions(encoded.utf8, of: ProfileModel.user, supporting: .list)
      let wanted = try Self.expected(options, people)
      var found: [String] = []
      var place: KeysetPosition?
      repeat {
        let page = try await session.listUsers(ListQuery(options, limit: 7, after: place), by: caller)
        #expect(!page.elements.isEmpty || page.next == nil, "An empty page with a link: \(query)")
        found += page.elements.map(\.id)
        place = page.next
      } while place != nil
      #expect(found == wanted, "\(query)")
      seen += found.count
      let counted = try await session.countUsers(ListQuery(options, limit: 0), by: caller)
      #expect(counted == wanted.count, "\(query)")
    }
    #expect(seen > 1_000, "The filters select almost nobody, so they show nothing")
    store.close()
  }

  @Test("A sorted list skips as many as its bound, and no more")
  func skipping() async throws {
    let store = try SQLiteStore.temporary()
    let session = try SessionQueue(store)
    let caller = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])
    func page(_ query: String) async throws -> SessionQueue.Page {
      let options = try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
      return try await session.listUsers(ListQuery(options, limit: 5), by: caller)
    }
    for order in ["displayName", "length(displayName)"] {
      #expect(try await page("$orderby=\(order)&$skip=\(Limits.sortedSkipMax)").elements.isEmpty)
      await #expect(throws: ProfileError.skipTooLarge) {
        _ = try await page("$orderby=\(order)&$skip=\(Limits.sortedSkipMax + 1)")
      }
    }
    #expect(try await page("$skip=\(Limits.sortedSkipMax + 1)").elements.isEmpty)
    store.close()
  }

  @Test("A search finds what the caller sees of everybody, and what only they see of themself")
  func ownEntry() async throws {
    let store = try SQLiteStore.temporary()
    var rest = Self.people()[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst().map { .user($0) } }
    let session = try SessionQueue(store)
    let permissions: Set<Permission> = [.userRead, .userReadBasicAll]
    let caller = Caller(actor: .user(Sample.userID("u5")), tenant: .demo, permissions: permissions)
    for (query, found) in [
      ("$search=1005", ["u5"]), ("$search=1006", []), ("$filter=businessPhones/any(p:p eq '%2B1 425 1005')", ["u5"]),
      ("$filter=startswith(userPrincipalName,'ann')", nil), ("$orderby=jobTitle desc&$top=1", ["u5"]),
    ] as [(String, [String]?)] {
      let options = try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
      let page = try await session.listUsers(ListQuery(options, limit: options.top ?? 100), by: caller)
      guard let found else {
        #expect(!page.elements.isEmpty, "\(query)")
        continue
      }
      #expect(page.elements.map(\.id) == found, "\(query)")
    }
    store.close()
  }

  @Test("What a caller may not see of people decides nothing")
  func hidden() async throws {
    let store = try SQLiteStore.temporary()
    var rest = Self.people()[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst().map { .user($0) } }
    let session = try SessionQueue(store)
    let basic = Caller(actor: .application, tenant: .demo, permissions: [.userReadBasicAll])
    for query in ["$filter=jobTitle ne null", "$filter=startswith(jobTitle,'a')", "$search=\"jobTitle:a\""] {
      let options = try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
      let page = try await session.listUsers(ListQuery(options, limit: 100), by: basic)
      #expect(page.elements.isEmpty, "\(query)")
    }
    let options = try QueryOptions("$orderby=jobTitle desc".utf8, of: ProfileModel.user, supporting: .list)
    let page = try await session.listUsers(ListQuery(options, limit: 100), by: basic)
    #expect(page.elements.map(\.id) == page.elements.map(\.id).sorted())
    store.close()
  }
}

/// A session on a queue of its own, as others live on an event loop.
fileprivate final class SessionQueue: @unchecked Sendable {
  private let queue = DispatchQueue(label: "session")
  // Safety: made and used on `queue` only.
  private var session: ProfileSession?

  init(_ store: any ProfileStore) throws {
    let environment = ServiceEnvironment(now: { Sample.time }, makeID: { .random() })
    let service = ProfileService(
      store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() })
    let queue = queue
    session = try queue.sync { try service.makeSession { work in queue.async(execute: work) } }
  }

  /// What crosses threads of a page that is short enough to be kept whole.
  struct Page: Sendable {
    let elements: [VisibleObject]
    let count: Int?
    let next: KeysetPosition?
  }

  func listUsers(_ query: ListQuery, by caller: Caller) async throws -> Page {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        session?.users.list(query, by: caller) { result in
          continuation.resume(with: result.map { Page(elements: $0.elements, count: $0.count, next: $0.next) })
        }
      }
    }
  }

  func countUsers(_ query: ListQuery, by caller: Caller) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        session?.users.count(query, by: caller) { result in continuation.resume(with: result) }
      }
    }
  }
}
