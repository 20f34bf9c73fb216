import OData
import Synchronization
import Testing

@testable import Profiles

/// Pages that are longer than what is kept of them, and queries that are too long for the thread that answers.
@Suite("Long lists")
struct LongListTests {
  private static let count = 30
  /// Long enough that a few items exceed what is kept.
  private static let textBytes = 20_000

  private let notes: NavigationProperty
  private let store: MemoryStore

  init() throws {
    notes = try #require(ProfileModel.collection(named: "interests"))
    var user = StructuredValue(of: ProfileModel.user)
    user.set("id", People.innocenty.text)
    let text = String(repeating: "x", count: Self.textBytes)
    let type = notes.target
    let items = try (0..<Self.count).map { number -> StoredItem in
      let json = #"{"id":"\#(Self.id(number))","allowedAudiences":"organization","displayName":"\#(text)"}"#
      let patch = try EntityReader(.restore).read(Array(json.utf8), as: type)
      var value = StructuredValue(of: type)
      _ = patch.apply(to: &value, of: type)
      let key = ItemKey(
        user: People.innocenty, collection: "interests", id: try #require(ItemID(Self.id(number))))
      return StoredItem(key: key, version: .first, value: value, of: type)
    }
    store = MemoryStore(
      users: [StoredUser(id: People.innocenty, tenant: People.contoso, version: .first, value: user)], items: items)
  }

  private static func id(_ number: Int) -> String { "i\(number < 10 ? "0" : "")\(number)" }

  private func session(_ queue: EvaluationQueue = EvaluationQueue(threads: 1) { $0() }) throws -> ProfileSession {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { PagePhone.key.id })
    return try ProfileService(store: store, environment: environment, evaluations: queue).makeSession { $0() }
  }

  private var request: CollectionRequest {
    CollectionRequest(owner: .me, collection: notes, caller: People.person(People.innocenty))
  }

  /// The largest page that the server asks for.
  private static let pageSizeMax = 999

  private func query(
    _ text: String, limit: Int = Self.pageSizeMax, cancellation: RequestCancellation? = nil
  ) throws -> ListQuery {
    ListQuery(
      try QueryOptions(text.utf8, of: notes.target, supporting: .list), limit: limit, cancellation: cancellation)
  }

  private func list(_ session: ProfileSession, _ query: ListQuery) throws -> Listing<VisibleItem> {
    var listing: Result<(UserID, Listing<VisibleItem>), ProfileError>?
    session.items.list(request, query) { listing = $0 }
    return try #require(listing).get().1
  }

  private static func bytes(_ items: ArraySlice<VisibleItem>) -> Int { items.reduce(0) { $0 + $1.json.count } }

  /// The rest of a page, piece by piece.
  private func pieces(_ rest: PageRemainder<VisibleItem>?) throws -> [[VisibleItem]] {
    var pieces: [[VisibleItem]] = []
    var isAtEnd = rest == nil
    while !isAtEnd {
      rest?.next { piece in
        if case .success(let items?) = piece { pieces.append(items) } else { isAtEnd = true }
      }
    }
    return pieces
  }

  @Test(
    "A long page keeps its beginning, and its rest is read again in small pieces, in its order",
    arguments: ["", "$orderby=id desc", "$filter=startswith(displayName,'x')", "$search=NOT y&$orderby=id", "$skip=3"])
  func restOfPage(_ text: String) throws {
    let listing = try list(try session(), try query(text))
    let kept = listing.elements
    #expect(Self.bytes(kept.dropLast()) < Limits.keptBytesMax && Self.bytes(kept[...]) >= Limits.keptBytesMax)
    let pieces = try pieces(listing.rest)
    for piece in pieces { #expect(Self.bytes(piece.dropLast()) < Limits.listPieceBytes) }
    let ids = (listing.elements + pieces.joined()).map(\.key.id.text)
    var expected = (0..<Self.count).map(Self.id)
    if text.hasSuffix("desc") { expected.reverse() }
    if text.hasPrefix("$skip") { expected.removeFirst(3) }
    #expect(ids == expected && listing.next == nil)
    let again = try self.pieces(listing.rest?.again()).joined().map(\.key.id.text)
    #expect(again == Array(ids.dropFirst(kept.count)))
  }

  @Test("What was deleted or hidden before it is sent is left out, and what was changed is as it is now")
  func changedMeanwhile() throws {
    let session = try session()
    let stranger = CollectionRequest(
      owner: .id(People.innocenty), collection: notes, caller: People.person(People.colleague))
    var listing: Listing<VisibleItem>?
    session.items.list(stranger, try query("")) { listing = try? $0.get().1 }
    let rest = try #require(listing?.rest)
    let end = Self.count - 1
    session.items.delete(try #require(ItemID(Self.id(end))), preconditions: Preconditions(), in: request) { _ in }
    for (number, body) in [(end - 1, #"{"allowedAudiences":"me"}"#), (end - 2, #"{"displayName":"short"}"#)] {
      let patch = try EntityReader(.update).read(Array(body.utf8), as: notes.target)
      session.items.update(
        try #require(ItemID(Self.id(number))), patch, preconditions: Preconditions(), in: request
      ) { _ in }
    }
    let items = try pieces(rest).joined()
    #expect(items.last?.key.id.text == Self.id(end - 2))
    let last = try #require(items.last)
    #expect(String(decoding: last.json, as: UTF8.self).contains("short"))
  }

  @Test("A query that is much work for each entity goes to the queue at once, and gives the same")
  func goesToTheQueue() throws {
    let runs = Mutex(0)
    let queue = EvaluationQueue(threads: 1) { body in
      runs.withLock { $0 += 1 }
      body()
    }
    let words = (0..<40).map { "x\(String(repeating: "x", count: $0))" }.joined(separator: " ")
    let search = "$search=" + words.replacing(" ", with: "%20")
    let listing = try list(try session(queue), try query(search))
    let rest = try pieces(listing.rest).joined()
    #expect(listing.elements.count + rest.count == Self.count)
    #expect(runs.withLock { $0 } > 0)
    #expect(try query(search).weight * Self.textBytes > Limits.loopWorkMax)
    #expect(try query("$filter=displayName%20eq%20'x'").weight * Self.textBytes <= Limits.loopWorkMax)
  }

  @Test("When the client has left, work ends within a slice and the caller's next query begins")
  func abandoned() throws {
    // Threads that the test runs itself, so that the client leaves at a known moment.
    let work = Mutex<[@Sendable () -> Void]>([])
    let queue = EvaluationQueue(threads: 1) { body in work.withLock { $0.append(body) } }
    let session = try session(queue)
    let cancellation = RequestCancellation()
    let search = "$search=" + (0..<64).map { "x\($0)" }.joined(separator: "%20OR%20")
    var outcomes: [String] = []
    for (name, cancellation) in [("first", cancellation), ("second", RequestCancellation())] {
      session.items.list(request, try query(search, cancellation: cancellation)) { result in
        if case .failure(let error) = result { outcomes.append("\(name) \(error)") } else { outcomes.append(name) }
      }
    }
    #expect(outcomes.isEmpty)
    cancellation.cancel()
    while let next = work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { next() }
    #expect(outcomes == ["first cancelled", "second"])
  }

  @Test("Beyond the bound a caller's long queries are refused; one that the client left is not begun")
  func refused() throws {
    let work = Mutex<[@Sendable () -> Void]>([])
    let queue = EvaluationQueue(threads: 1) { body in work.withLock { $0.append(body) } }
    let session = try session(queue)
    let search = try query("$search=" + (0..<64).map { "x\($0)" }.joined(separator: "%20"))
    var refusals: [ProfileError] = []
    for _ in 0..<(Limits.evaluationsWaitingMax + 2) {
      session.items.list(request, search) { if case .failure(let error) = $0 { refusals.append(error) } }
    }
    #expect(refusals == [.tooManyQueries])
  }
}
