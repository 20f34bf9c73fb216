public import Profiles

/// What a case demands of a store.
public enum ConformanceLevel: String, CaseIterable, Sendable {
  /// One caller, one call after another.
  case basic
  /// All or nothing.
  case atomic
  /// Many callers at once.
  case concurrent
}

/// One promise of `ProfileStore`, and how it is shown.
public struct ConformanceCase: Sendable, CustomStringConvertible {
  /// The promise, as a sentence.
  public let name: String
  public let level: ConformanceLevel
  /// Shows it on a new, empty store, which it may close; throws `ConformanceFailure` when the store breaks it.
  public let run: @Sendable (any ProfileStore) async throws -> Void

  public var description: String { "\(level.rawValue): \(name)" }

  init(
    _ level: ConformanceLevel, _ name: String, _ run: @escaping @Sendable (StoreDriver) async throws -> Void
  ) {
    self.name = name
    self.level = level
    self.run = { store in try await run(StoreDriver(store)) }
  }
}

/// What every store must pass: one line in the tests of a store runs them all.
public enum StoreConformance {
  /// All cases, the simple ones first.
  public static let cases =
    items + lists + people + principalNames + addresses + limits + log + transfer + selections + receipts + creations
    + groups + membership + links + accounts + photos + tenants + concurrency + ending
}

/// A promise that was broken.
public struct ConformanceFailure: Error, Equatable, CustomStringConvertible, Sendable {
  /// What the store did, as a sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Goes on when `condition` holds.
func expect(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws(ConformanceFailure) {
  guard condition else { throw ConformanceFailure(otherwise()) }
}

/// Goes on when both are equal.
func expectEqual<Value: Equatable>(
  _ found: Value, _ wanted: Value, _ what: @autoclosure () -> String
) throws(ConformanceFailure) {
  guard found != wanted else { return }
  throw ConformanceFailure("\(what()): found \(found), not \(wanted).")
}

/// The value of an optional that must not be nil.
func unwrap<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws(ConformanceFailure) -> Value {
  guard let value else { throw ConformanceFailure("\(what()) is missing.") }
  return value
}
