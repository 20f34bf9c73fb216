import OData
import Profiles

/// Verifies a chain row by row, and derives from the rows what should be stored.
struct AuditChainVerifier {
  let owner: AuditChainOwner
  private(set) var chain = AuditChain()
  /// Where the last row is stored.
  private(set) var last: Int64?
  /// What should be stored according to the rows, each thing as one text.
  private(set) var expected: Set<String> = []
  /// What is wrong with the first faulty row, as a sentence; nil while there is none.
  private(set) var fault: String?

  /// Begins a chain, before its first row.
  init(owner: AuditChainOwner) { self.owner = owner }

  /// Verifies the next row and appends it.
  mutating func append(
    _ change: Change, _ key: AuditKey, position: Int64, code: [UInt8], place: Int64, previous: Int64?
  ) {
    guard fault == nil else { return }
    guard position == chain.length + 1 else {
      fault = "Rows are missing from the audit log before position \(position)."
      return
    }
    guard chain.append(change, key) == code, previous == last else {
      fault = "The row at position \(position) of the audit log was altered, moved or put in."
      return
    }
    last = place
    apply(change)
  }

  private mutating func apply(_ change: Change) {
    switch (change.collection, change.item) {
    case (nil, _):
      if let before = change.versionBefore { expected.remove(AuditLogComparison.person(before)) }
      if let after = change.versionAfter { expected.insert(AuditLogComparison.person(after)) }
    case (Change.memberships?, let group?):
      let membership = AuditLogComparison.membership(group.text)
      if change.kind == .deleted { expected.remove(membership) } else { expected.insert(membership) }
    case (let collection?, let id?):
      if let before = change.versionBefore { expected.remove(AuditLogComparison.item(collection, id.text, before)) }
      if let after = change.versionAfter { expected.insert(AuditLogComparison.item(collection, id.text, after)) }
    // The row of a profile that was emptied; each of its items has a row of its own.
    case (.some, nil): break
    }
  }
}

/// Compares what should be stored according to a person's audit log with what is.
struct AuditLogComparison {
  private let user: UserID
  private var missing: Set<String>
  private var differences: [CheckFinding] = []

  /// `expected` is what should be stored (`AuditChainVerifier.expected`).
  init(_ user: UserID, _ expected: Set<String>) {
    self.user = user
    missing = expected
  }

  /// Compares the person that is stored.
  mutating func comparePerson(_ version: Version) { compare(Self.person(version), nil, nil) }
  /// Compares a membership that is stored.
  mutating func compareMembership(_ group: String) {
    compare(Self.membership(group), Change.memberships, ItemID(group))
  }
  /// Compares an item that is stored.
  mutating func compareItem(_ collection: String, _ id: String, _ version: Version) {
    compare(Self.item(collection, id, version), collection, ItemID(id))
  }

  /// The differences, once everything that is stored was found.
  var findings: [CheckFinding] {
    guard differences.isEmpty, !missing.isEmpty else { return differences }
    return [
      CheckFinding(
        user: user, collection: nil, item: nil, message: "The audit log says that more is there than is stored.")
    ]
  }

  private mutating func compare(_ thing: String, _ collection: String?, _ item: ItemID?) {
    guard missing.remove(thing) == nil else { return }
    differences.append(
      CheckFinding(
        user: user, collection: collection, item: item, message: "The audit log does not end with what is stored."))
  }

  /// The text that stands for a person of a version.
  static func person(_ version: Version) -> String { "person \(version.number)" }
  /// The text that stands for a membership.
  static func membership(_ group: String) -> String { "member \(group)" }
  /// The text that stands for an item of a version.
  static func item(_ collection: String, _ id: String, _ version: Version) -> String {
    "item \(collection)/\(id) \(version.number)"
  }
}
