import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Profiles
import Testing

@testable import AuthenticationSupport
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer

/// The authority's routes on a real listener.
enum AuthorityServer {
  static let demo = DemoCredentials()

  /// Runs `body` with the port of a server, which is stopped afterwards.
  static func run(
    server: () throws -> HTTPServerBuilder = { .http1() }, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    let directory = try TemporaryDirectory()
    let addresses = try #require(AuthorityAddresses(publicURL: nil))
    let authority = TokenAuthority(
      issuer: try await OwnIssuer.forTests(directory: directory.path), addresses: addresses, demo: demo,
      clock: { Int64(Date().timeIntervalSince1970) }, makeID: { UUID().uuidString.lowercased() })
    let router = Router(context: BasicRequestContext.self)
    AuthorityRoutes(authority: authority).add(to: router)
    let (ports, port) = AsyncStream<Int>.makeStream()
    let application = Application(
      router: router, server: try server(),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask {
        for await port in ports {
          addresses.setBound(httpPort: port, httpsPort: port)
          try await body(port)
          return
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }
}
