import Authority
import Foundation
import OData
import ProfileServer
import Profiles

/// The content of `--ready-file`: the server's addresses and, in a demo, how to get tokens. Its presence says that
/// requests are answered.
struct ReadyFile {
  /// The base URL of the HTTP listener.
  let http: String
  /// The base URL of the HTTPS listener.
  let https: String
  /// The path of the authority's certificate, for clients to trust.
  let certificate: String
  /// The demo's credentials; nil outside a demo.
  let demo: DemoCredentials?

  init(host: String, ports: ServerPorts, certificate: String, demo: DemoCredentials?) {
    let reachable = Self.reachable(host)
    http = "http://\(reachable):\(ports.http)"
    https = "https://\(reachable == "127.0.0.1" ? "localhost" : reachable):\(ports.https)"
    self.certificate = URL(fileURLWithPath: certificate).path
    self.demo = demo
  }

  /// The endpoint of the demo's managed identity, for `IDENTITY_ENDPOINT`.
  var identityEndpoint: String { http + ManagedIdentity.appServicePath }

  /// Removes the file of an earlier run, and checks that a new one can be written: whoever waits for it would otherwise
  /// wait forever.
  ///
  /// - Throws: `CommandFailure` when the file cannot be removed or written.
  static func prepare(_ path: String) throws {
    unlink(path)
    let temporary = temporary(path)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    close(descriptor)
    unlink(temporary)
    guard access(path, F_OK) != 0 else {
      throw CommandFailure("The ready file \(path) is there and cannot be replaced. Choose another with --ready-file.")
    }
  }

  /// Writes the file atomically, readable by its owner only, because it may hold credentials.
  ///
  /// - Throws: `CommandFailure` when it cannot be written.
  func write(to path: String) throws {
    let temporary = Self.temporary(path)
    let isWritten = FileManager.default.createFile(
      atPath: temporary, contents: Data(json), attributes: [.posixPermissions: 0o600])
    guard isWritten, rename(temporary, path) == 0 else { throw Self.failure(path) }
  }

  private static func temporary(_ path: String) -> String { "\(path).\(getpid())" }

  private static func failure(_ path: String) -> CommandFailure {
    CommandFailure(
      "The ready file \(path) cannot be written: \(String(cString: strerror(errno))). Choose a place for it with "
        + "--ready-file where this user may write.")
  }

  private var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.name("pid")
    json.int(Int64(getpid()))
    json.member("http", http)
    json.member("https", https)
    json.member("ca", certificate)
    json.member("tenant", TenantID.demo.text)
    if let demo {
      json.name("credentials")
      json.beginObject()
      json.member("clientId", demo.client.id)
      json.member("clientSecret", demo.clientSecret)
      json.member("identityEndpoint", identityEndpoint)
      json.member("identityHeader", demo.identityHeader)
      json.endObject()
    }
    json.endObject()
    return json.bytes
  }

  /// The host by which this machine reaches an address. A wildcard address is reached at the loopback address.
  private static func reachable(_ host: String) -> String {
    switch host {
    case "0.0.0.0", "::", "localhost": "127.0.0.1"
    case _ where host.contains(":"): "[\(host)]"
    default: host
    }
  }
}
