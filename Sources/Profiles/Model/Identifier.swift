import OData

/// The form that the keys of people, items, groups and tenants share: 1 to `Limits.idBytesMax` bytes of UTF-8, compared
/// byte for byte.
///
/// Swift compares strings by canonical equivalence, which would make one person of two ids that a store keeps apart.
enum Identifier {
  /// Whether a text can be a key: not empty, not too long, not `.` or `..`, and without control characters. Clients
  /// resolve the segments `.` and `..` of a URL before they send it (RFC 3986 section 5.2.4), so that a request for
  /// such an id would reach the resource above it.
  static func isValid(_ text: String) -> Bool {
    text.withBytes { bytes in
      guard (1...Limits.idBytesMax).contains(bytes.count) else { return false }
      if bytes.count <= 2, !bytes.holdsAny({ $0 != UInt8(ascii: ".") }) { return false }
      return bytes.isPrintableASCII() || !bytes.holdsAny { $0 < 0x20 || $0 == 0x7F }
    }
  }

  static func hash(_ text: String, into hasher: inout Hasher) {
    text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// The key of a person, compared byte for byte.
public struct UserID: Hashable, Sendable {
  /// The id as clients write it.
  public let text: String

  /// An id; nil when the text is empty, longer than `Limits.idBytesMax` bytes, `.` or `..`, or holds control
  /// characters.
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text
  }

  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  /// Hashes the bytes that are compared.
  public func hash(into hasher: inout Hasher) { Identifier.hash(text, into: &hasher) }

  /// The id under which the audit log keeps what a tenant decided: that of the tenant, which no person has.
  public init(decisionsOf tenant: TenantID) { text = tenant.text }
}

/// The key of an item within its collection, compared byte for byte.
public struct ItemID: Hashable, Sendable {
  /// The id as clients write it.
  public let text: String

  /// An id; nil when the text is empty, longer than `Limits.idBytesMax` bytes, `.` or `..`, or holds control
  /// characters.
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text
  }

  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  /// Hashes the bytes that are compared.
  public func hash(into hasher: inout Hasher) { Identifier.hash(text, into: &hasher) }

  fileprivate init(known text: String) { self.text = text }
}

extension ItemID {
  /// The id that is a GUID of these bits in the canonical form (RFC 9562 section 4), which is valid whatever they are.
  public init(guid high: UInt64, _ low: UInt64) { self.init(known: GUID.text(high: high, low: low)) }

  /// A new GUID of version 4 (RFC 9562 section 5.4) in lower case, which nobody can guess.
  public static func random() -> ItemID { ItemID(known: GUID.random()) }
}

/// The key of a group, compared byte for byte.
public struct GroupID: Hashable, Sendable {
  /// The id as clients write it.
  public let text: String

  /// An id; nil when the text is empty, longer than `Limits.idBytesMax` bytes, `.` or `..`, or holds control
  /// characters.
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text
  }

  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  /// Hashes the bytes that are compared.
  public func hash(into hasher: inout Hasher) { Identifier.hash(text, into: &hasher) }
}

/// The key of a tenant, an organisation of people. Nothing in one tenant is visible from another unless an audience
/// says so.
public struct TenantID: Hashable, Sendable {
  /// The id in lower case.
  public let text: String

  /// The tenant of personal accounts: `.All` permissions and wide audiences reach only the owner there.
  public static let personalAccounts = TenantID(known: "9188040d-6c67-4c5b-b112-36a304b66dad")
  /// The tenant of the demo data, which tokens and imports mean when they name none.
  public static let demo = TenantID(known: "11111111-1111-4111-8111-111111111111")
  /// The tenants that every store has.
  public static let builtIn: [TenantID] = [.demo, .personalAccounts]

  /// An id in lower case; nil when the text is empty, longer than `Limits.idBytesMax` bytes, `.` or `..`, or holds
  /// control characters.
  public init?(_ text: String) {
    guard Identifier.isValid(text) else { return nil }
    self.text = text.lowercased()
  }

  private init(known text: String) { self.text = text }

  public static func == (left: Self, right: Self) -> Bool { left.text.hasSameBytes(as: right.text) }

  /// Hashes the bytes that are compared.
  public func hash(into hasher: inout Hasher) { Identifier.hash(text, into: &hasher) }
}
