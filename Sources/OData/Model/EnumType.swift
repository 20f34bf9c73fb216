/// An enumeration type (OData CSDL 4.01 section 10).
public final class EnumType: Sendable {
  /// One name with its number.
  public struct Member: Hashable, Sendable {
    public let name: String
    public let value: Int64
  }

  /// What a client wrote for a value of an enumeration.
  public enum Input: Equatable, Sendable {
    case value(Int64)
    /// `unknownFutureValue`: a value that the client could not tell apart from others.
    case unknownFutureValue
  }

  /// Graph's name for values that a client's model does not know (guideline on evolvable enumerations).
  public static let sentinelName = "unknownFutureValue"

  /// The name without namespace.
  public let name: String
  /// The name with namespace, such as `microsoft.graph.phoneType`.
  public let qualifiedName: String
  /// Whether several members may be combined.
  public let isFlags: Bool
  public let members: [Member]
  public let documentation: String
  /// The number of `unknownFutureValue`, where it is declared.
  private let sentinel: Int64?

  init(namespace: String, declaration: EnumTypeDeclaration) {
    name = declaration.name
    qualifiedName = "\(namespace).\(declaration.name)"
    isFlags = declaration.isFlags
    members = declaration.members.map { Member(name: $0.0, value: $0.1) }
    documentation = declaration.documentation
    sentinel = members.first { $0.name == Self.sentinelName }?.value
  }

  /// Reads names in any case, comma-joined for flags, or a declared number; nil for anything else.
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

  /// Reads a declared number, for flags any sum of declared numbers; nil for anything else.
  public func input(number: Int64) -> Input? {
    if let sentinel, number == sentinel { return .unknownFutureValue }
    if members.contains(where: { $0.value == number }) { return .value(number) }
    guard isFlags, number > 0, number & ~combinableBits == 0 else { return nil }
    return .value(number)
  }

  /// Reads a literal of an expression: as `input`, except that the sentinel stands for its own number.
  func literal(_ text: some Sequence<UInt8>) -> Int64? {
    switch input(text) {
    case .value(let number): number
    case .unknownFutureValue: sentinel
    case nil: nil
    }
  }

  /// The names of a value, comma-joined for flags; a number that no member names is written in digits.
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
