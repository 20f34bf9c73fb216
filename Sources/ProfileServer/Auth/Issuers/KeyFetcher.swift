import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import OData

/// Why an issuer's keys could not be fetched. The sentences are for the operator's log.
enum KeyFetchError: Error, Equatable, Sendable {
  /// Connection, TLS, or a document larger than the bound. `cause` is the client library's.
  case transport(document: String, cause: String)
  case timedOut
  case status(UInt, document: String)
  case notJSON(document: String)
  /// The discovery document belongs to another issuer.
  case foreignDiscovery
  /// The discovery document names no key document that may be fetched.
  case noKeyDocument
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
    case .noUsableKey:
      "The key document holds no usable signing key. Keys must be RSA of 2048 bits or more, or EC P-256, with a 'kid'."
    }
  }
}

/// Fetches the keys of one issuer over HTTP.
///
/// A client is made for each fetch and thrown away: fetches are rare, and nothing has to be shut down later.
struct KeyFetcher: Sendable {
  /// The longest time for all documents of one issuer together.
  var timeout: Duration = .seconds(Limits.keyFetchSeconds)

  private static let causeLengthMax = 200

  /// The keys that `issuer` publishes now; never empty.
  func keys(of issuer: ExternalIssuer) async throws(KeyFetchError) -> [ExactText: VerificationKey] {
    let result = await withTaskGroup(of: Result<[ExactText: VerificationKey], KeyFetchError>.self) { group in
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

  private func fetch(_ issuer: ExternalIssuer) async throws(KeyFetchError) -> [ExactText: VerificationKey] {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(for: issuer))
    let result = await Self.result { () async throws(KeyFetchError) in try await documents(of: issuer, with: client) }
    try? await client.shutdown()
    let keys = await VerificationKey.usable(in: try result.get())
    guard !keys.isEmpty else { throw .noUsableKey }
    return keys
  }

  private func documents(
    of issuer: ExternalIssuer, with client: HTTPClient
  ) async throws(KeyFetchError) -> JSONTree {
    switch issuer.keySource {
    case .keys(let url): return try await document(url, named: "key document", with: client)
    case .discovery(let url):
      let discovery = try await document(url, named: "discovery document", with: client)
      guard let name = discovery["issuer"]?.text, issuer.matches(discoveredName: name) else { throw .foreignDiscovery }
      guard let keys = discovery["jwks_uri"]?.text.flatMap(EndpointURL.init) else { throw .noKeyDocument }
      return try await document(keys, named: "key document", with: client)
    }
  }

  private func document(
    _ url: EndpointURL, named name: String, with client: HTTPClient
  ) async throws(KeyFetchError) -> JSONTree {
    let (status, bytes) = try await get(url, named: name, with: client)
    guard status == 200 else { throw .status(status, document: name) }
    guard let tree = try? JSONTree(bytes), tree.members != nil else { throw .notJSON(document: name) }
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
      throw .transport(document: name, cause: String("\(error)".prefix(Self.causeLengthMax)))
    }
  }

  /// Redirections are not followed: the operator names the place, and it must stay on TLS.
  private func configuration(for issuer: ExternalIssuer) -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let file = issuer.caFile { tls.trustRoots = .file(file) }
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
    configuration.timeout.connect = .seconds(Int64(Limits.keyFetchSeconds))
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    return configuration
  }
}
