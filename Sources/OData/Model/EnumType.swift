/// An enumeration type (OData CSDL 4.01 section 10).
public final class EnumType: Sendable {
  /// A member of the enumeration (OData CSDL 4.01 section 10.3).
  public struct Member: Hashable, Sendable {
    /// The name, as it is written in JSON.
    public let name: String
    /// The number; for flags, one bit or a combination of bits.
    public let value: Int64
  }

  /// A value of the enumeration as a client sent it.
  public enum Input: Equatable, Sendable {
    /// The number of a member, or the sum of several for flags.
    case value(Int64)
    /// `unknownFutureValue`: the client holds a value that its own model does not know, so it cannot say which.
    case unknownFutureValue
  }

  /// Graph's sentinel member: servers send it in place of members that a client does not know (Microsoft Graph REST API
  /// guidelines, evolvable enumerations).
  public static let sentinelName = "unknownFutureValue"

  /// The name, without namespace.
  public let name: String
  /// The qualified name, such as `microsoft.graph.phoneType`.
  public let qualifiedName: String
  /// Whether members may be combined (OData CSDL 4.01 section 10.2).
  public let isFlags: Bool
  /// The members, in the order of their declaration.
  public let members: [Member]
  /// The description that metadata shows; empty when there is none.
  public let documentation: String
  /// The number of `unknownFutureValue`; nil when it is not declared.
  private let sentinel: Int64?

  init(namespace: String, declaration: EnumTypeDeclaration) {
    name = declaration.name
    qualifiedName = "\(namespace).\(declaration.name)"
    isFlags = declaration.isFlags
    members = declaration.members.map { Member(name: $0.0, value: $0.1) }
    documentation = declaration.documentation
    sentinel = members.first { $0.name == Self.sentinelName }?.value
  }

  /// The value that a client wrote as text: a member's name in any case, or its number; for flags, several joined by
  /// commas (OData ABNF `enumValue`). Nil for anything else.
  public func input(_ text: some Sequence<UInt8>) -> Input? {
    let text = Array(text)
    if let member = memberNamed(text[...]) {
      return member.value == sentinel ? .unknownFutureValue : .value(member.value)
    }
    var sum: Int64 = 0
    let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard isFlags || parts.count == 1, parts.count <= members.count else { return nil }
    for part in parts {
      guard let member = memberOrNumber(Self.trim(part)) else { return nil }
      if member == sentinel {
        guard parts.count == 1 else { return nil }
        return .unknownFutureValue
      }
      sum |= member
    }
    return .value(sum)
  }

  /// The value that a client wrote as a number: that of a member, or for flags a combination of members. Nil for any
  /// other number.
  public func input(number: Int64) -> Input? {
    if let sentinel, number == sentinel { return .unknownFutureValue }
    if members.contains(where: { $0.value == number }) { return .value(number) }
    guard isFlags, number > 0, number & ~combinableBits == 0 else { return nil }
    return .value(number)
  }

  /// The number of a literal in an expression. Unlike in `input`, the sentinel stands for its own number.
  func literal(_ text: some Sequence<UInt8>) -> Int64? {
    switch input(text) {
    case .value(let number): number
    case .unknownFutureValue: sentinel
    case nil: nil
    }
  }

  /// The value as JSON shows it: the names of its members, joined by commas for flags (OData JSON 4.01 section 7.1). A
  /// number that no members make up is written in digits.
  public func text(of value: Int64) -> String {
    if let member = members.first(where: { $0.value == value }) { return member.name }
    guard isFlags else { return String(value) }
    let names = members.filter { $0.value != 0 && value & $0.value == $0.value }
    guard !names.isEmpty, names.reduce(0, { $0 | $1.value }) == value else { return String(value) }
    return names.map(\.name).joined(separator: ",")
  }

  private var combinableBits: Int64 {
    members.filter { $0.name != Self.sentinelName }.reduce(0) { $0 | $1.value }
  }

  private func memberNamed(_ text: ArraySlice<UInt8>) -> Member? {
    text.withUnsafeBufferPointer { text in members.first { $0.name.isSameName(as: text) } }
  }

  private func memberOrNumber(_ text: ArraySlice<UInt8>) -> Int64? {
    if let member = memberNamed(text) { return member.value }
    guard let number = Int64(String(decoding: text, as: UTF8.self)), let input = input(number: number) else {
      return nil
    }
    switch input {
    case .value(let value): return value
    case .unknownFutureValue: return sentinel
    }
  }

  private static func trim(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var part = part
    while part.first == 0x20 { part.removeFirst() }
    while part.last == 0x20 { part.removeLast() }
    return part
  }
}
