import Dispatch
import Foundation
import OData
import Profiles
import Stores
import Synchronization

/// Measures the cost of the audit log: durable writes a second with it, as a ratio to those without it, measured in
/// alternation within one run. Arguments: rounds, seconds of one measurement, writers.

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let rounds = arguments.first ?? 5
let seconds = arguments.dropFirst().first ?? 2
let writers = arguments.dropFirst(2).first ?? 64

/// Writes a different number to a phone each time.
struct Write: ItemOperation {
  let key: ItemKey
  let number: Int

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let old = state.item else { throw .itemNotFound }
    let new = Self.phone(key, number, Version(number: old.version.number + 1))
    let change = Change(
      time: Self.time, kind: .updated, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
      properties: ["number", "lastModifiedDateTime", "lastModifiedBy"], versionBefore: old.version,
      versionAfter: new.version, actingUser: key.user, actingApplication: "33333333-3333-4333-8333-333333333333")
    return .put(new, change)
  }

  static let time = DateTimeOffset(unixSeconds: 1_600_000_000)

  /// A phone about as large as that of the published page.
  static func phone(_ key: ItemKey, _ number: Int, _ version: Version) -> StoredItem {
    let who = #"{"user":{"id":"\#(key.user.text)","displayName":"A person"}}"#
    let json = """
      {"id":"\(key.id.text)","allowedAudiences":"organization","inference":null,"createdDateTime":"\(time)",\
      "createdBy":\(who),"lastModifiedDateTime":"\(time)","lastModifiedBy":\(who),"source":null,\
      "displayName":"Car Phone","type":"mobile","number":"+7 499 \(1_000_000 + number % 9_000_000)"}
      """
    return StoredItem(
      key: key, version: version, audience: .organization, created: time, json: Array(json.utf8), collapsible: nil)
  }
}

/// A store with 50 people of 20 phones each, in a directory of its own.
final class Subject {
  let store: SQLiteStore
  private let directory: String
  private let keys: [ItemKey]

  init(keepsAuditLog: Bool) throws {
    directory = FileManager.default.temporaryDirectory.path + "/facet-record-cost-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var options = SQLiteOptions(checksIntegrity: false)
    options.keepsAuditLog = keepsAuditLog
    store = try SQLiteStore.open(directory + "/facet.db", options: options)
    let people = (0..<50).compactMap { UserID("00000000-0000-4000-8000-\(100_000_000_000 + $0)") }
    keys = people.flatMap { user in
      (0..<20).compactMap { ItemID("\(UUID().uuidString.lowercased().dropLast(3))\(100 + $0)") }.map {
        ItemKey(user: user, collection: "phones", id: $0)
      }
    }
    var lines: ArraySlice<ImportLine> = people.map { user in
      .user(
        StoredUser(
          id: user, tenant: .demo, principalName: nil, displayName: nil, version: Version(number: 1),
          json: Array(#"{"id":"\#(user.text)"}"#.utf8)))
    }[...]
    lines += keys.map { .item(Write.phone($0, 0, Version(number: 1))) }
    _ = try store.importLines(at: Write.time) { lines.popFirst() }
  }

  deinit {
    store.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Measures durable writes a second, with a fixed number in flight.
  func measure() -> Double {
    let count = Counter()
    let ended = DispatchGroup()
    let started = DispatchTime.now()
    let end = started + .seconds(seconds)
    for writer in 0..<writers {
      ended.enter()
      Self.write(store, keys, writer * 7_919, until: end, count, ended)
    }
    ended.wait()
    return Double(count.value) * 1e9 / Double(DispatchTime.now().uptimeNanoseconds - started.uptimeNanoseconds)
  }

  /// Writes one item after another until the end.
  private static func write(
    _ store: SQLiteStore, _ keys: [ItemKey], _ number: Int, until end: DispatchTime, _ count: Counter,
    _ ended: DispatchGroup
  ) {
    store.submit(
      .item(Write(key: keys[number % keys.count], number: number)) { result in
        guard case .success(.written) = result else { fatalError("A write was refused.") }
        count.increment()
        guard DispatchTime.now() < end else { return ended.leave() }
        write(store, keys, (number &* 1_103 &+ 12_345) & 0x7FFF_FFFF, until: end, count, ended)
      })
  }
}

/// A counter that the writer's thread increments.
final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }

  func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let (with, without) = (try Subject(keepsAuditLog: true), try Subject(keepsAuditLog: false))
var rates: (with: [Double], without: [Double]) = ([], [])
for round in 0..<rounds {
  // Alternate, in changing order.
  if round.isMultiple(of: 2) {
    rates.with.append(with.measure())
    rates.without.append(without.measure())
  } else {
    rates.without.append(without.measure())
    rates.with.append(with.measure())
  }
}
let ratios = zip(rates.with, rates.without).map { $0 / $1 }
let text = { (value: Double) in String(format: "%.2f", value) }
print(
  """
  \(writers) writers, medians of \(rounds) rounds of \(seconds) s, in turns, the store alone
  with the audit log     \(Int(median(rates.with))) durable writes/s
  without the audit log  \(Int(median(rates.without))) durable writes/s
  ratio               \(text(median(ratios)))  (\(text(ratios.min() ?? 0)) to \(text(ratios.max() ?? 0)))
  """)
