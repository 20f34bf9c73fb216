import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OData

/// Why an issuer's keys could not be fetched. Messages are for the operator's log.
enum KeyFetchError: Error, Equatable, Sendable {
  /// The connection or TLS failed, or the document is larger than the bound. `cause` is the HTTP client's.
  case transport(document: String, cause: String)
  case timedOut
  case status(UInt, document: String)
  case notJSON(document: String)
  /// The discovery document belongs to another issuer.
  case foreignDiscovery
  /// The discovery document names no key document that may be fetched.
  case noKeyDocument
  /// The key document that the discovery document names is neither at the same origin, nor at a host that the operator
  /// named, nor at a public address.
  case keysNotPublic
  case noUsableKey

  /// What was wrong and what to do.
  var message: String {
    switch self {
    case .transport(let document, let cause):
      "The \(document) could not be read (\(cause)). Check its URL, the network, the certificates in "
        + "'caFile', and that it is smaller than \(Limits.keyDocumentBytesMax) bytes."
    case .timedOut: "No answer within \(Limits.keyFetchSeconds) seconds. Check the URL and the network."
    case .status(let status, let document):
      "The \(document) was answered with status \(status). Check its URL; redirections are not followed."
    case .notJSON(let document): "The \(document) is not a JSON object. Check its URL."
    case .foreignDiscovery:
      "The discovery document names another issuer. Write 'issuer' in the file of --issuers exactly as the document "
        + "spells it."
    case .noKeyDocument: "The discovery document has no 'jwks_uri' with an https URL. Set 'keysURL' instead."
    case .keysNotPublic:
      "The discovery document names keys at a host that is not its own and has no public address. If they do lie there, "
        + "name the host in 'keyHosts' of the issuer."
    case .noUsableKey:
      "The key document holds no usable signing key. Keys must be RSA of \(Limits.rsaModulusBitsMin) bits or more without "
        + "a known weakness (such as ROCA), or EC P-256, with a 'kid'."
    }
  }
}

/// Fetches the keys of one issuer over HTTP.
///
/// Each document gets an HTTP client of its own: fetches are rare, and nothing stays open that would have to be shut
/// down.
struct KeyFetcher: Sendable {
  /// The longest time for all documents of one issuer together.
  var timeout: Duration = .seconds(Limits.keyFetchSeconds)

  /// Resolves a host, given without brackets.
  var lookup: @Sendable (String) async -> [NetworkAddress] = AddressLookup.addresses

  /// The keys that `issuer` publishes now; never empty. Throws `KeyFetchError` when there is none or a document cannot
  /// be read.
  func keys(of issuer: ExternalIssuer) async throws(KeyFetchError) -> [BytewiseString: VerificationKey] {
    let result = await withTaskGroup(of: Result<[BytewiseString: VerificationKey], KeyFetchError>.self) { group in
      group.addTask { await Self.result { () async throws(KeyFetchError) in try await fetch(issuer) } }
      group.addTask {
        try? await Task.sleep(for: timeout)
        return .failure(.timedOut)
      }
      let first = await group.next() ?? .failure(.timedOut)
      group.cancelAll()
      return first
    }
    return try result.get()
  }

  private static func result<T>(
    _ body: () async throws(KeyFetchError) -> T
  ) async -> Result<T, KeyFetchError> {
    do throws(KeyFetchError) { return .success(try await body()) } catch { return .failure(error) }
  }

  private func fetch(_ issuer: ExternalIssuer) async throws(KeyFetchError) -> [BytewiseString: VerificationKey] {
    let keys = await VerificationKey.usable(in: try await keyDocument(of: issuer))
    guard !keys.isEmpty else { throw .noUsableKey }
    return keys
  }

  private func keyDocument(of issuer: ExternalIssuer) async throws(KeyFetchError) -> JSONTree {
    switch issuer.keySource {
    case .keys(let url): return try await document(url, named: Self.keyDocument, of: issuer)
    case .discovery(let url):
      let discovery = try await document(url, named: "discovery document", of: issuer)
      guard let name = discovery["issuer"]?.text, issuer.matches(discoveredName: name) else { throw .foreignDiscovery }
      guard let keys = discovery["jwks_uri"]?.text.flatMap(EndpointURL.init) else { throw .noKeyDocument }
      guard !issuer.trusts(keys.origin, for: url.origin) else {
        return try await document(keys, named: Self.keyDocument, of: issuer)
      }
      return try await publicDocument(keys, of: issuer)
    }
  }

  private static let keyDocument = "key document"

  /// A key document at another origin, named by the discovery document alone. Whoever controls that document could
  /// otherwise make the server send requests into its own network, so only public addresses are connected to. The host
  /// is resolved once, here: if the client resolved it again, it could get another address.
  private func publicDocument(_ url: EndpointURL, of issuer: ExternalIssuer) async throws(KeyFetchError) -> JSONTree {
    var failure = KeyFetchError.keysNotPublic
    for address in await lookup(url.origin.bareHost) where address.isPublic {
      do throws(KeyFetchError) {
        return try await document(url, named: Self.keyDocument, of: issuer, at: address)
      } catch {
        failure = error
        guard case .transport = error else { break }
      }
    }
    throw failure
  }

  private func document(
    _ url: EndpointURL, named name: String, of issuer: ExternalIssuer, at address: NetworkAddress? = nil
  ) async throws(KeyFetchError) -> JSONTree {
    let configuration = Self.configuration(for: issuer, url.origin, at: address)
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result = await Self.result { () async throws(KeyFetchError) in try await get(url, named: name, with: client) }
    try? await client.shutdown()
    let (status, bytes) = try result.get()
    guard status == 200 else { throw .status(status, document: name) }
    guard let tree = try? JSONTree(bytes, mayHaveMark: true), tree.members != nil else {
      throw .notJSON(document: name)
    }
    return tree
  }

  private func get(
    _ url: EndpointURL, named name: String, with client: HTTPClient
  ) async throws(KeyFetchError) -> (status: UInt, bytes: [UInt8]) {
    do {
      var request = HTTPClientRequest(url: url.text)
      request.headers.add(name: "Accept", value: "application/json")
      let response = try await client.execute(request, timeout: .seconds(Int64(Limits.keyFetchSeconds)))
      let body = try await response.body.collect(upTo: Limits.keyDocumentBytesMax)
      return (response.status.code, Array(body.readableBytesView))
    } catch {
      throw .transport(document: name, cause: String("\(error)".prefix(Limits.fetchCauseCharactersMax)))
    }
  }

  /// Redirects are not followed: the operator names the place, and it must stay on TLS. With `address` nothing is sent
  /// anywhere else, whatever the host resolves to by then.
  static func configuration(
    for issuer: ExternalIssuer, _ origin: URLOrigin, at address: NetworkAddress?
  ) -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let file = issuer.caFile { tls.trustRoots = .file(file) }
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
    configuration.timeout.connect = .seconds(Int64(Limits.keyFetchSeconds))
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    guard let address else { return configuration }
    configuration.dnsOverride = [origin.host: address.text]
    // If the client knew the host by another spelling, it would resolve it itself: nothing may be sent then.
    configuration.http1_1ConnectionDebugInitializer = { channel in
      channel.eventLoop.makeCompletedFuture {
        guard channel.remoteAddress.flatMap({ NetworkAddress($0) }) == address else {
          throw KeyFetchError.keysNotPublic
        }
      }
    }
    return configuration
  }
}

extension NetworkAddress {
  /// The address of a socket; nil for one of the file system.
  init?(_ address: SocketAddress) {
    guard let text = address.ipAddress else { return nil }
    self.init(text)
  }
}
