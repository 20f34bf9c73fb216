import OData
import Profiles

/// The person of a tenant whose rows a chain holds. An id that is given out again in another tenant begins another
/// chain.
struct AuditChainOwner: Hashable {
  let user: UserID
  let tenant: TenantID
}

/// The chain of authentication codes of a person's audit log. Each code covers the row, its position, and the code of
/// the row before, so that without the key no row can be altered, moved, added or removed. The seal of the chain covers
/// its end.
///
/// The codes are HMAC with SHA-256 (RFC 2104) over a domain string and the covered values.
struct AuditChain: Equatable {
  /// How many rows there are.
  var length: Int64 = 0
  /// The code of the last row; zeros before the first.
  var tip = [UInt8](repeating: 0, count: AuditKey.codeBytes)

  /// Appends a row and returns its code.
  mutating func append(_ change: Change, _ key: AuditKey) -> [UInt8] {
    length += 1
    tip = key.authenticate(Self.covered(change, at: length, after: tip))
    return tip
  }

  /// The code that covers the end of the chain of `owner`.
  func seal(of owner: AuditChainOwner, _ key: AuditKey) -> [UInt8] {
    var bytes = Self.chainDomain
    Self.append(owner.user.text, to: &bytes)
    Self.append(owner.tenant.text, to: &bytes)
    Self.append(length, to: &bytes)
    return key.authenticate(bytes + tip)
  }

  // MARK: What codes cover

  private static func covered(_ change: Change, at position: Int64, after tip: [UInt8]) -> [UInt8] {
    var bytes = rowDomain
    bytes.reserveCapacity(480)
    bytes.append(contentsOf: tip)
    append(change.user.text, to: &bytes)
    append(change.tenant.text, to: &bytes)
    append(position, to: &bytes)
    append(change.time.ticks, to: &bytes)
    append(change.kind.rawValue, to: &bytes)
    append(change.collection, to: &bytes)
    append(change.item?.text, to: &bytes)
    append(Int64(change.properties.count), to: &bytes)
    for property in change.properties { append(property, to: &bytes) }
    append(change.versionBefore?.number ?? 0, to: &bytes)
    append(change.versionAfter?.number ?? 0, to: &bytes)
    append(change.actingUser?.text, to: &bytes)
    append(change.actingApplication, to: &bytes)
    return bytes
  }

  private static let rowDomain = domain("row")
  private static let chainDomain = domain("chain")

  fileprivate static func domain(_ name: String) -> [UInt8] { Array("facet record \(name)\n".utf8) }

  fileprivate static func append(_ number: Int64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a text behind its length, so that no two rows are covered by the same bytes. nil has a length of its own.
  private static func append(_ text: String?, to bytes: inout [UInt8]) {
    guard let text else { return append(Int64(-1), to: &bytes) }
    append(Int64(text.utf8.count), to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }
}

/// The number of all chains and the sum of their seals. It is authenticated too, so that removing a whole chain, or
/// putting one back to an earlier state, is found.
struct AuditTotal: Equatable {
  /// How many chains there are.
  var count: Int64 = 0
  /// The sum modulo 2 to the power of 256, most significant byte first.
  var sum = [UInt8](repeating: 0, count: AuditKey.codeBytes)

  /// Replaces the seal `old` of a chain by `new`; nil stands for a new chain.
  mutating func replace(_ old: [UInt8]?, with new: [UInt8]) {
    if let old { add(old, negated: true) } else { count += 1 }
    add(new, negated: false)
  }

  /// The code that covers the total.
  func seal(_ key: AuditKey) -> [UInt8] {
    var bytes = AuditChain.domain("total")
    AuditChain.append(count, to: &bytes)
    return key.authenticate(bytes + sum)
  }

  private mutating func add(_ code: [UInt8], negated: Bool) {
    guard code.count == sum.count else { return }
    // A number is subtracted by adding its complement and one.
    var carry = negated ? 1 : 0
    for index in sum.indices.reversed() {
      carry += Int(sum[index]) + Int(negated ? ~code[index] : code[index])
      sum[index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
  }
}
