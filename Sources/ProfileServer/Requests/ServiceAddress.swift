import Authentication
import NIOHTTP1
import OData
import Profiles

/// An address within a request: the URL of a request in a batch, a link, or an entity reference.
///
/// All of them are parsed here, to a target that is then parsed like that of a request. So every form of a path is
/// accepted everywhere, and percent-encoding is decoded once.
struct ServiceAddress {
  /// The hosts that an absolute address may name.
  enum Hosts {
    /// This server.
    case own
    /// This server and Microsoft Graph, which official clients write into references whatever server they call.
    case ownAndGraph
  }

  /// The target in origin form, percent-encoded, in ASCII.
  let target: String

  /// Parses an address in `request`. It may be relative to the service version of the request, with or without a
  /// leading slash. `isOwn` recognizes the origins of this server other than the one that the request was sent to.
  ///
  /// Spaces and other characters that a URL cannot have are percent-encoded, because Graph's page on batching shows
  /// them. Throws `GraphError.addressOfAnotherHost` for another host, `malformedAddress` for an ambiguous address, and
  /// `urlTooLong`.
  init(
    _ text: String, in request: GraphRequest, from hosts: Hosts, isOwn: (URLOrigin) -> Bool
  ) throws(GraphError) {
    guard text.utf8.count <= Limits.urlBytesMax else { throw .urlTooLong }
    if let target = Self.plainTarget(text, below: request.versionSegment) {
      self.target = target
      return
    }
    // As an array, for speed: a batch has many addresses.
    let address = Self.trimmed(Array(text.utf8)[...])
    let isForbidden = address.withUnsafeBufferPointer { bytes in
      !bytes.isPrintableASCII(without: UInt8(ascii: "#"))
        && bytes.holdsAny { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "#") }
    }
    guard !isForbidden else { throw .malformedAddress }
    if Self.isAbsolute(address) {
      let rest = try Self.rest(of: FieldList.trimmed(text[...]), request.origin, hosts, isOwn)
      target = Self.encoded([Self.slash] + Array(rest.drop { $0 == Self.slash }))
      return
    }
    let path = address.drop { $0 == Self.slash }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(address.count + 8)
    // Some clients include the version.
    if ResourcePath.ServiceVersion(segment: path.prefix { $0 != Self.slash && $0 != UInt8(ascii: "?") }) == nil {
      bytes.append(Self.slash)
      bytes += request.versionSegment
    }
    bytes.append(Self.slash)
    bytes += path
    target = Self.encoded(bytes)
  }

  /// The target of an address as most batches write it: with one leading slash, without a version, in characters that
  /// a URL can have. nil for any other.
  private static func plainTarget(_ text: String, below version: ArraySlice<UInt8>) -> String? {
    text.withBytes { bytes in
      guard bytes.count > 1, bytes[0] == slash, bytes[1] != slash, !holdsExcluded(bytes) else { return nil }
      let first = bytes.dropFirst().prefix { $0 != slash && $0 != UInt8(ascii: "?") }
      guard ResourcePath.ServiceVersion(segment: UnsafeBufferPointer(rebasing: first)) == nil else { return nil }
      return String(unsafeUninitializedCapacity: 1 + version.count + bytes.count) { space in
        space.initializeElement(at: 0, to: slash)
        let rest = space[1...].initialize(fromContentsOf: version)
        return space[rest...].initialize(fromContentsOf: bytes)
      }
    }
  }

  /// Whether there is a byte that a URL cannot have, or the beginning of a fragment.
  private static func holdsExcluded(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    excluded.withUnsafeBufferPointer { excluded in
      bytes.holdsAny { excluded[Int($0)] || $0 == UInt8(ascii: "#") }
    }
  }

  /// The bytes without spaces and tabs at both ends.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: isBlank)
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return bytes
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static let slash = UInt8(ascii: "/")

  /// Whether an address begins with `http://` or `https://`, in any case.
  private static func isAbsolute(_ address: ArraySlice<UInt8>) -> Bool {
    // Most addresses are relative, which the first byte shows.
    guard let first = address.first, first | 0x20 == UInt8(ascii: "h") else { return false }
    let scheme = String(decoding: address.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    return (scheme.isSameName(as: "http") || scheme.isSameName(as: "https"))
      && address.dropFirst(scheme.utf8.count).starts(with: "://".utf8)
  }

  /// The rest of an absolute address after the origin of the server, and after the path of its public URL. Throws
  /// `GraphError.addressOfAnotherHost` for another host and `malformedAddress` for an invalid one.
  private static func rest(
    of address: Substring, _ ownText: String, _ hosts: Hosts, _ isOwn: (URLOrigin) -> Bool
  ) throws(GraphError) -> Substring.UTF8View {
    if let rest = rest(of: address.utf8, behind: ownText.utf8) { return rest }
    guard let origin = URLOrigin(prefixOf: String(address)) else { throw .malformedAddress }
    guard isOwn(origin) || isCalled(origin, ownText) || (hosts == .ownAndGraph && isMicrosoftGraph(origin)) else {
      throw .addressOfAnotherHost(hosts)
    }
    let authority = address.utf8.drop { $0 != slash }.dropFirst(2)
    return authority.drop { $0 != slash && $0 != UInt8(ascii: "?") }
  }

  /// The rest of an address after `origin`, compared case-insensitively; nil when the address does not begin with it.
  private static func rest(of address: Substring.UTF8View, behind origin: String.UTF8View) -> Substring.UTF8View? {
    let rest = address.dropFirst(origin.count)
    let head = String(decoding: address.prefix(origin.count), as: UTF8.self)
    guard head.isSameName(as: String(decoding: origin, as: UTF8.self)) else { return nil }
    return rest.isEmpty || rest.first == slash || rest.first == UInt8(ascii: "?") ? rest : nil
  }

  /// Whether the request was sent to this host and port. The scheme may differ, because a proxy that terminates TLS
  /// uses plain HTTP to this server.
  private static func isCalled(_ origin: URLOrigin, _ ownText: String) -> Bool {
    guard let own = URLOrigin(prefixOf: ownText) else { return false }
    return own.isSame(as: origin) || (own.host == origin.host && own.port == origin.port)
  }

  /// The hosts of Microsoft Graph: the global service, its canary, and the national clouds.
  private static let graphHosts: Set<String> = [
    "graph.microsoft.com", "canary.graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us",
    "graph.microsoft.de", "microsoftgraph.chinacloudapi.cn",
  ]

  private static func isMicrosoftGraph(_ origin: URLOrigin) -> Bool {
    graphHosts.contains(origin.host) && origin.effectivePort == (origin.isHTTPS ? 443 : 80)
  }

  // MARK: Encoding

  /// An address with the characters that a URL cannot have percent-encoded (RFC 3986 section 2.1). Existing encodings
  /// are kept.
  private static func encoded(_ address: [UInt8]) -> String {
    guard address.withUnsafeBufferPointer(holdsExcluded) else { return String(decoding: address, as: UTF8.self) }
    let excluded = Self.excluded
    var bytes: [UInt8] = []
    for byte in address {
      if excluded[Int(byte)] {
        bytes += [UInt8(ascii: "%"), Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 15)]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// For each byte, whether a URL cannot have it. A table, because a batch has many addresses.
  private static let excluded: [Bool] = (0...UInt8.max).map { byte in
    !(0x21...0x7E).contains(byte) || #""<>\^`{|}"#.utf8.contains(byte)
  }
}

// MARK: References

extension ServiceAddress {
  /// The person or the group that a reference names, in any form of a path. The caller's tenant may follow the version.
  /// Throws `GraphError.malformedReference` when the address names neither.
  func member(in tenant: TenantID) throws(GraphError) -> MemberReference {
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
    guard let requested = try? RequestedResource(path: Self.path(path, without: tenant)),
      requested.resource?.template.namesEntity == true
    else { throw .malformedReference }
    switch requested.subject {
    case .person(let owner): return .person(owner)
    case .group(let group): return .group(group)
    case .directoryObject(let id): return .object(id)
    case .service, .collection, .item, .member, .photoSize, .entity, .setting: throw .malformedReference
    }
  }

  /// The person whom a reference names. Whether an id of `/directoryObjects` is that of a person shows when it is looked
  /// up. Throws `GraphError.malformedReference` when the address names no person.
  func person(in tenant: TenantID) throws(GraphError) -> OwnerReference {
    switch try member(in: tenant) {
    case .person(let owner): return owner
    case .object(let id): return .id(id)
    case .group: throw .malformedReference
    }
  }

  private static func path(_ path: Substring.UTF8View, without tenant: TenantID) -> [UInt8] {
    let segments = path.split(separator: slash, maxSplits: 2)
    guard segments.count == 3, let name = PercentEncoding.decode(segments[1]),
      name.isSameName(as: tenant.text) || name.isSameName(as: TenantPrefix.ownTenant)
    else { return Array(path) }
    return [slash] + Array(segments[0]) + [slash] + Array(segments[2])
  }
}

extension GraphError {
  /// An address that is invalid or ambiguous.
  static let malformedAddress = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An address in the body holds a control character, a fragment or a user, or no host that can be. "
      + "Percent-encode it, and leave out what begins with '#'.")

  /// An address of a host that is not allowed there.
  static func addressOfAnotherHost(_ hosts: ServiceAddress.Hosts) -> GraphError {
    switch hosts {
    case .own:
      GraphError(
        status: .badRequest, code: .badRequest,
        message: "The url of a request in a batch must be relative, or an absolute one of this server.")
    case .ownAndGraph:
      GraphError(
        status: .badRequest, code: .requestBadRequest,
        message: "A reference must be relative, or an absolute address of this server or of Microsoft Graph.")
    }
  }
}
