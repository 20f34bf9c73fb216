import Foundation
import HTTPProbe
import Testing

/// Which machines may reach a demo, and which callers may use its own routes.
@Suite("The demo")
struct DemoTests {
  private static let refusal = "--demo is for this machine alone"

  @Test(
    "A demo on an address that other machines can reach does not start, and says what to do",
    arguments: ["0.0.0.0", "::", "192.0.2.1", "::ffff:0.0.0.0"])
  func refused(host: String) async throws {
    let data = try FacetProcess.temporaryFolder()
    let result = try await FacetProcess.run([
      "serve", "--demo", "--data", data.path, "--host", host, "--port", "0", "--https-port", "0",
    ])
    #expect(result.status != 0)
    #expect(result.errors.contains(Self.refusal) && result.errors.contains("--demo-anywhere"), "\(result.errors)")
    // No data was created.
    #expect(try FileManager.default.contentsOfDirectory(atPath: data.path).isEmpty)
  }

  @Test("Loopback addresses and names need no --demo-anywhere", arguments: ["localhost", "127.0.0.1", "127.0.0.2"])
  func loopback(host: String) async throws {
    try await withFacet(arguments: ["--host", host]) { facet in
      #expect(!facet.log.contains("other machines"))
    }
  }

  @Test("With --demo-anywhere it starts on any address, accepts any Host, and logs a warning")
  func anywhere() async throws {
    for (arguments, environment) in [
      (["--demo-anywhere"], [:]), ([], ["FACET_DEMO_ANYWHERE": "true"]),
    ] as [([String], [String: String])] {
      try await withFacet(arguments: ["--host", "0.0.0.0"] + arguments, environment: environment) { facet in
        #expect(facet.log.contains("The demo can be reached from other machines"))
        let plain = try await Self.reset(facet, host: "demo.contoso.example")
        let foreign = try await Self.reset(facet, host: "demo.contoso.example", "Origin: https://evil.example\r\n")
        #expect(plain == 204 && foreign == 403)
      }
    }
    let alone = try await FacetProcess.run(["serve", "--demo-anywhere"])
    #expect(alone.status != 0 && alone.errors.contains("--demo-anywhere goes with --demo"))
  }

  @Test("The demo's routes require a Host of this machine or of the public URL, besides the rules for origins")
  func hosts() async throws {
    try await withFacet(arguments: ["--public-url", "https://people.contoso.example:8443/facet"]) { facet in
      for (host, status) in [
        ("localhost", 204), ("LOCALHOST:\(facet.httpPort)", 204), ("127.0.0.1:80", 204), ("127.9.9.9", 204),
        ("[::1]", 204), ("[::1]:8080", 204), ("people.contoso.example", 204), ("People.Contoso.Example:443", 204),
        ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403),
        ("x.people.contoso.example", 403), ("192.0.2.1", 403), ("0.0.0.0", 403), ("[::]", 403),
      ] {
        let answered = try await Self.reset(facet, host: host)
        #expect(answered == status, "\(host)")
      }
      for field in ["Origin: https://localhost\r\n", "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"]
      {
        let answered = try await Self.reset(facet, host: "localhost", field)
        #expect(answered == 403, "\(field)")
      }
      // A page whose host name was rebound to this machine is same-origin, and sends its own name.
      let rebound = "Origin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n"
      let refused = try await Self.reset(facet, host: "evil.example", rebound)
      let taken = try await Self.reset(facet, host: "localhost", "Sec-Fetch-Site: same-origin\r\n")
      #expect(refused == 403 && taken == 204)
    }
  }

  @Test("Every route of the demo is guarded")
  func routes() throws {
    let sources = try PackageFiles.textFiles().filter { $0.path.hasPrefix("Sources/ProfileServer/") }
    let lines = sources.flatMap { path, text in
      text.split(separator: "\n").filter { $0.contains("\"/_facet") || $0.contains("\"_facet") }
    }
    #expect(
      lines.count == 1 && lines.first?.contains("group(\"/_facet\").add(middleware: demoGuard)") == true, "\(lines)")
  }

  /// The status of a reset request with this `Host` and these fields.
  private static func reset(_ facet: FacetProcess, host: String, _ fields: String = "") async throws -> Int {
    let port = facet.httpPort
    return try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send("POST /_facet/reset HTTP/1.1\r\nHost: \(host)\r\n\(fields)Content-Length: 0\r\n\r\n")
      return try connection.readAnswer().status
    }
  }
}
