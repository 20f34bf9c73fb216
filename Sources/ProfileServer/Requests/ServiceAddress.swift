import Authentication
import NIOHTTP1
import OData
import Profiles

/// An address that a request holds: the url of a request in a batch, a link in it, or a reference to an entity.
///
/// This is the one reader of them all. What it gives is read on as the target of a request is, so that every form of a
/// path is taken wherever one stands, and escapes are decoded once.
struct ServiceAddress {
  /// Whose addresses are taken.
  enum Hosts {
    /// This server's alone.
    case own
    /// Also those of Microsoft Graph, which official clients write into references whatever server they speak to.
    case ownAndGraph
  }

  /// Path and query in origin form, percent-encoded, in ASCII.
  let target: String

  /// Reads an address that stands in `request`, relative to whose version it may be, with or without a slash before it.
  /// `isOwn` says which origins are this server's beside the one that the request was sent to.
  ///
  /// A blank and other characters that a URL cannot have are taken for what they would be encoded, as the page on
  /// batching has them. Throws for another host, and for what could be read in two ways.
  init(
    _ text: String, in request: GraphRequest, from hosts: Hosts, isOwn: (URLOrigin) -> Bool
  ) throws(GraphError) {
    guard text.utf8.count <= Limits.urlBytesMax else { throw .urlTooLong }
    // As an array, since a batch holds many.
    let address = Self.trimmed(Array(text.utf8)[...])
    guard !address.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "#") }) else {
      throw .malformedAddress
    }
    if Self.isAbsolute(address) {
      let rest = try Self.rest(of: FieldList.trimmed(text[...]), request.origin, hosts, isOwn)
      target = Self.encoded([Self.slash] + Array(rest.drop { $0 == Self.slash }))
      return
    }
    let path = address.drop { $0 == Self.slash }
    var bytes: [UInt8] = []
    // Some clients write the version too.
    if ResourcePath.ServiceVersion(segment: path.prefix { $0 != Self.slash && $0 != UInt8(ascii: "?") }) == nil {
      bytes.append(Self.slash)
      bytes += request.versionSegment
    }
    bytes.append(Self.slash)
    bytes += path
    target = Self.encoded(bytes)
  }

  /// Without blanks at its ends.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: isBlank)
    while let last = bytes.last, isBlank(last) { bytes.removeLast() }
    return bytes
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static let slash = UInt8(ascii: "/")

  /// Whether an address begins with the scheme of HTTP, in any case.
  private static func isAbsolute(_ address: ArraySlice<UInt8>) -> Bool {
    // Most are relative, which one byte tells.
    guard let first = address.first, first | 0x20 == UInt8(ascii: "h") else { return false }
    let scheme = String(decoding: address.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    return (scheme.isSameName(as: "http") || scheme.isSameName(as: "https"))
      && address.dropFirst(scheme.utf8.count).starts(with: "://".utf8)
  }

  /// What follows the server's name in an absolute address, and the path of its public URL where it has one.
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

  /// What follows `origin`, in any case, in an address that begins with it.
  private static func rest(of address: Substring.UTF8View, behind origin: String.UTF8View) -> Substring.UTF8View? {
    let rest = address.dropFirst(origin.count)
    let head = String(decoding: address.prefix(origin.count), as: UTF8.self)
    guard head.isSameName(as: String(decoding: origin, as: UTF8.self)) else { return nil }
    return rest.isEmpty || rest.first == slash || rest.first == UInt8(ascii: "?") ? rest : nil
  }

  /// Whether the request was sent to this host and port. The scheme may differ: what ends TLS before this server speaks
  /// plain HTTP to it.
  private static func isCalled(_ origin: URLOrigin, _ ownText: String) -> Bool {
    guard let own = URLOrigin(prefixOf: ownText) else { return false }
    return own.isSame(as: origin) || (own.host == origin.host && own.port == origin.port)
  }

  /// The hosts of the global service, its forerunner and the national clouds.
  private static let graphHosts: Set<String> = [
    "graph.microsoft.com", "canary.graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us",
    "graph.microsoft.de", "microsoftgraph.chinacloudapi.cn",
  ]

  private static func isMicrosoftGraph(_ origin: URLOrigin) -> Bool {
    graphHosts.contains(origin.host) && origin.effectivePort == (origin.isHTTPS ? 443 : 80)
  }

  // MARK: Encoding

  /// The same address without characters that a URL cannot have (RFC 3986 section 2); what is encoded already stays.
  private static func encoded(_ address: [UInt8]) -> String {
    guard address.contains(where: isExcluded) else { return String(decoding: address, as: UTF8.self) }
    var bytes: [UInt8] = []
    for byte in address {
      if isExcluded(byte) {
        bytes += [UInt8(ascii: "%"), Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 15)]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isExcluded(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
      UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
      true
    case 0x21...0x7E: false
    default: true
    }
  }
}

// MARK: References

extension ServiceAddress {
  /// Another name for the tenant of the caller, as in addresses of Graph.
  private static let ownTenant = "myorganization"

  /// The person whom a reference names, in any form that a path may have. A tenant may stand behind the version, if it is
  /// the caller's. Whose id it is shows when it is looked for: an id of the directory may be that of a person only.
  func person(in tenant: TenantID) throws(GraphError) -> OwnerReference {
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
    guard let requested = try? RequestedResource(path: Self.path(path, without: tenant)),
      requested.resource?.template.namesEntity == true
    else { throw .malformedReference }
    switch requested.subject {
    case .person(let owner): return owner
    case .directoryObject(let id): return .id(id)
    case .service, .collection, .item, .group, .member: throw .malformedReference
    }
  }

  private static func path(_ path: Substring.UTF8View, without tenant: TenantID) -> [UInt8] {
    let segments = path.split(separator: slash, maxSplits: 2)
    guard segments.count == 3, let name = PercentEncoding.decode(segments[1]),
      name.isSameName(as: tenant.text) || name.isSameName(as: ownTenant)
    else { return Array(path) }
    return [slash] + Array(segments[0]) + [slash] + Array(segments[2])
  }
}

extension GraphError {
  static let malformedAddress = GraphError(
    status: .badRequest, code: .badRequest,
    message: "An address in the body holds a control character, a fragment or a user, or no host that can be. "
      + "Percent-encode it, and leave out what begins with '#'.")

  /// An address names a server that nothing is read from here.
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
