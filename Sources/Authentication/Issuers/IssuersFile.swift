public import OData
import Profiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why the file of `--issuers` cannot be used.
public enum IssuersFileError: Error, Equatable, Sendable {
  /// The file is not there, or may not be read.
  case unreadable(path: String)
  /// The file is longer than `Limits.keyDocumentBytesMax`.
  case tooLarge(path: String)
  /// The file is not JSON.
  case malformed(JSONError)
  /// `member` is the path of the member at fault, `reason` says what it must be.
  case invalid(member: String, reason: String)

  /// What was wrong and what to do.
  public var message: String {
    switch self {
    case .unreadable(let path): "The issuers file \(path) cannot be read. Check its name and its permissions."
    case .tooLarge(let path):
      "The issuers file \(path) is larger than \(Limits.keyDocumentBytesMax) bytes. Check that it is the right file."
    case .malformed(let error): "The issuers file is not valid JSON: \(error.reason), at byte \(error.offset)."
    case .invalid(let member, let reason): "In the issuers file, '\(member)' \(reason)."
    }
  }
}

/// The file of `--issuers`: a JSON array of external issuers, or an object with that array as `issuers`.
///
/// Unknown members are refused by name, because a misspelt one would silently trust more than was meant.
public struct IssuersFile: Sendable {
  /// The issuers, in the order of the file.
  public let issuers: [ExternalIssuer]

  /// Reads the file at `path`. Blocks. Throws `IssuersFileError` when it cannot be read or holds no valid
  /// configuration.
  public init(path: String) throws(IssuersFileError) {
    try self.init(try Self.bytes(of: path))
  }

  private static func bytes(of path: String) throws(IssuersFileError) -> [UInt8] {
    guard let file = fopen(path, "r") else { throw .unreadable(path: path) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Limits.keyDocumentBytesMax + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw .unreadable(path: path) }
    guard count <= Limits.keyDocumentBytesMax else { throw .tooLarge(path: path) }
    return Array(bytes[..<count])
  }

  /// Parses the text of such a file. Throws `IssuersFileError` when it holds no valid configuration.
  init(_ bytes: [UInt8]) throws(IssuersFileError) {
    let tree: JSONTree
    do { tree = try JSONTree(bytes, mayHaveMark: true) } catch { throw .malformed(error) }
    if tree.members != nil { try MemberReader(tree, path: "").allowOnly(["issuers"]) }
    guard let entries = tree.elements ?? tree["issuers"]?.elements else {
      throw .invalid(member: "issuers", reason: "must be an array of issuers")
    }
    guard entries.count <= Limits.issuersMax else {
      throw .invalid(member: "issuers", reason: "has more than \(Limits.issuersMax) entries")
    }
    var issuers: [ExternalIssuer] = []
    for (index, entry) in entries.enumerated() {
      let issuer = try ExternalIssuer(MemberReader(entry, path: "issuers[\(index)]"))
      guard !issuers.contains(where: { $0.name == issuer.name }) else {
        throw .invalid(member: "issuers[\(index)].issuer", reason: "stands twice; write each issuer once")
      }
      issuers.append(issuer)
    }
    self.issuers = issuers
  }
}

extension ExternalIssuer {
  fileprivate init(_ entry: MemberReader) throws(IssuersFileError) {
    try entry.allowOnly(["issuer", "audiences", "tenants", "discoveryURL", "keysURL", "keyHosts", "caFile", "claims"])
    let url = try entry.text("issuer")
    guard EndpointURL(url) != nil else { throw entry.invalid("issuer", EndpointURL.rule) }
    var tenants: Set<TenantID> = []
    for text in try entry.texts("tenants") {
      guard let tenant = TenantID(text) else { throw entry.invalid("tenants", "must hold ids of tenants") }
      tenants.insert(tenant)
    }
    self.init(
      name: IssuerName(url), audiences: Set(try entry.texts("audiences").map { BytewiseString($0) }), tenants: tenants,
      keySource: try Self.keySource(entry, issuer: url), keyHosts: try Self.keyHosts(entry),
      caFile: try entry.optionalText("caFile"), claimNames: try ClaimNames(entry.object("claims")))
  }

  private static func keyHosts(_ entry: MemberReader) throws(IssuersFileError) -> [HostAndPort] {
    guard entry.has("keyHosts") else { return [] }
    guard !entry.has("keysURL") else {
      throw entry.invalid("keyHosts", "says where a discovery document may lead; beside 'keysURL' it has no meaning")
    }
    var hosts: [HostAndPort] = []
    for text in try entry.texts("keyHosts") {
      guard let host = HostAndPort(text) else {
        throw entry.invalid("keyHosts", "must hold hosts, each with or without a port, such as keys.example:8443")
      }
      hosts.append(host)
    }
    return hosts
  }

  /// OpenID Connect Discovery 1.0 section 4: the document lies under the issuer's own URL.
  private static func keySource(_ entry: MemberReader, issuer: String) throws(IssuersFileError) -> KeySource {
    let discovery = try entry.url("discoveryURL")
    let keys = try entry.url("keysURL")
    switch (discovery, keys) {
    case (.some, .some): throw entry.invalid("keysURL", "cannot stand beside 'discoveryURL'; write one of them")
    case (let discovery?, nil): return .discovery(discovery)
    case (nil, let keys?): return .keys(keys)
    case (nil, nil):
      let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
      guard let url = EndpointURL(base + "/.well-known/openid-configuration") else {
        throw entry.invalid("issuer", EndpointURL.rule)
      }
      return .discovery(url)
    }
  }
}

extension EndpointURL {
  fileprivate static let rule = "must be an https URL (http is accepted for localhost and loopback addresses only)"
}

extension ClaimNames {
  fileprivate init(_ entry: MemberReader?) throws(IssuersFileError) {
    self = .entra
    guard let entry else { return }
    try entry.allowOnly(["objectId", "tenant", "scopes", "roles", "displayName", "principalName"])
    if let name = try entry.optionalText("objectId") { objectID = [name] }
    if let name = try entry.optionalText("tenant") { tenant = name }
    if let name = try entry.optionalText("scopes") { scopes = name }
    if let name = try entry.optionalText("roles") { roles = name }
    if let name = try entry.optionalText("displayName") { displayName = [name] }
    if let name = try entry.optionalText("principalName") { principalName = [name] }
  }
}

/// Reads the members of one object of the file. It knows the object's path, for messages.
private struct MemberReader {
  private let tree: JSONTree
  private let path: String

  init(_ tree: JSONTree, path: String) throws(IssuersFileError) {
    guard tree.members != nil else { throw .invalid(member: path, reason: "must be an object") }
    self.tree = tree
    self.path = path
  }

  func invalid(_ member: String, _ reason: String) -> IssuersFileError {
    .invalid(member: path.isEmpty ? member : "\(path).\(member)", reason: reason)
  }

  func allowOnly(_ names: [String]) throws(IssuersFileError) {
    let known = Set(names.map { BytewiseString($0) })
    let unknown = (tree.members ?? [:]).keys.filter { !known.contains($0) }.map(\.text).sorted()
    guard let first = unknown.first else { return }
    throw invalid(first, "is not known; the members are \(names.joined(separator: ", "))")
  }

  func has(_ name: String) -> Bool { tree[name] != nil }

  func optionalText(_ name: String) throws(IssuersFileError) -> String? {
    guard let value = tree[name] else { return nil }
    guard let text = value.text, !text.isEmpty else { throw invalid(name, "must be a string with content") }
    return text
  }

  func text(_ name: String) throws(IssuersFileError) -> String {
    guard let text = try optionalText(name) else { throw invalid(name, "is missing") }
    return text
  }

  func url(_ name: String) throws(IssuersFileError) -> EndpointURL? {
    guard let text = try optionalText(name) else { return nil }
    guard let url = EndpointURL(text) else { throw invalid(name, EndpointURL.rule) }
    return url
  }

  func texts(_ name: String) throws(IssuersFileError) -> [String] {
    guard let texts = tree[name]?.texts, (1...Limits.issuersMax).contains(texts.count),
      texts.allSatisfy({ !$0.isEmpty })
    else { throw invalid(name, "must be an array of 1 to \(Limits.issuersMax) strings") }
    return texts
  }

  func object(_ name: String) throws(IssuersFileError) -> MemberReader? {
    guard let value = tree[name] else { return nil }
    return try MemberReader(value, path: path.isEmpty ? name : "\(path).\(name)")
  }
}
