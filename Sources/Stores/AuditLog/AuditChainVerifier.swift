import OData
import Profiles

/// A chain as far as its rows were read.
struct AuditChainVerifier {
  let owner: AuditChainOwner
  private(set) var chain = AuditChain()
  /// The place of the last row.
  private(set) var last: Int64?
  /// What the rows say is there, each thing as one text.
  private(set) var held: Set<String> = []
  /// What is wrong with a row, if anything is.
  private(set) var fault: String?

  /// A chain of which nothing was read.
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
      if let before = change.versionBefore { held.remove(AuditLogComparison.person(before)) }
      if let after = change.versionAfter { held.insert(AuditLogComparison.person(after)) }
    case (Change.memberships?, let group?):
      let membership = AuditLogComparison.membership(group.text)
      if change.kind == .deleted { held.remove(membership) } else { held.insert(membership) }
    case (let collection?, let id?):
      if let before = change.versionBefore { held.remove(AuditLogComparison.item(collection, id.text, before)) }
      if let after = change.versionAfter { held.insert(AuditLogComparison.item(collection, id.text, after)) }
    // A profile that was emptied; each of its items has a row of its own.
    case (.some, nil): break
    }
  }
}

/// Compares what the audit log of a person ends with and what is stored.
struct AuditLogComparison {
  private let user: UserID
  private var missing: Set<String>
  private var found: [CheckFinding] = []

  /// Compares with what the rows say is there.
  init(_ user: UserID, _ held: Set<String>) {
    self.user = user
    missing = held
  }

  mutating func findPerson(_ version: Version) { find(Self.person(version), nil, nil) }
  mutating func findMembership(_ group: String) {
    find(Self.membership(group), Change.memberships, ItemID(group))
  }
  mutating func findItem(_ collection: String, _ id: String, _ version: Version) {
    find(Self.item(collection, id, version), collection, ItemID(id))
  }

  /// What differs, once everything that is stored was found.
  var findings: [CheckFinding] {
    guard found.isEmpty, !missing.isEmpty else { return found }
    return [
      CheckFinding(
        user: user, collection: nil, item: nil, message: "The audit log says that more is there than is stored.")
    ]
  }

  private mutating func find(_ thing: String, _ collection: String?, _ item: ItemID?) {
    guard missing.remove(thing) == nil else { return }
    found.append(
      CheckFinding(
        user: user, collection: collection, item: item, message: "The audit log does not end with what is stored."))
  }

  static func person(_ version: Version) -> String { "person \(version.number)" }
  static func membership(_ group: String) -> String { "member \(group)" }
  static func item(_ collection: String, _ id: String, _ version: Version) -> String {
    "item \(collection)/\(id) \(version.number)"
  }
}
