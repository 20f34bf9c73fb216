import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import NIOHTTP1
import OData
import Profiles
import Testing

@testable import Authentication
@testable import Authority
@testable import ProfileServer

@Suite("The authority's routes")
struct AuthorityRouteTests {
  private func send(
    _ method: HTTPMethod, _ url: String, headers: [(String, String)] = [], body: String? = nil
  ) async throws -> (status: UInt, headers: HTTPHeaders, tree: JSONTree) {
    var request = HTTPClientRequest(url: url)
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return (response.status.code, response.headers, (try? JSONTree(Array(bytes.readableBytesView))) ?? .null)
  }

  @Test("Discovery, keys and instances are served for every tenant, to browsers of any origin")
  func documents() async throws {
    try await AuthorityServer.run { port in
      let base = "http://127.0.0.1:\(port)"
      for tenant in [TenantID.demo.text, "common"] {
        for path in ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"] {
          let answer = try await send(.GET, "\(base)/\(tenant)/\(path)")
          #expect(answer.status == 200)
          #expect(answer.headers.first(name: "access-control-allow-origin") == "*")
          #expect(answer.headers.first(name: "content-type")?.hasPrefix("application/json") == true)
          #expect(answer.tree.members?.isEmpty == false)
        }
      }
      let instances = try await send(.GET, "\(base)/common/discovery/instance?api-version=1.1")
      #expect(instances.tree["metadata"] != nil)
    }
  }

  @Test("A token comes over HTTP from a form and from the managed identity, and is kept by no cache")
  func tokens() async throws {
    try await AuthorityServer.run { port in
      let base = "http://localhost:\(port)"
      let form =
        "grant_type=client_credentials&client_id=\(AuthorityServer.demo.client.id)"
        + "&client_secret=\(AuthorityServer.demo.clientSecret)&scope=http://localhost/.default"
      let type = ("content-type", "application/x-www-form-urlencoded")
      let url = "\(base)/\(TenantID.demo.text)/oauth2/v2.0/token"
      let answer = try await send(.POST, url, headers: [type], body: form)
      #expect(answer.status == 200)
      #expect(answer.headers.first(name: "cache-control") == "no-store")
      #expect(answer.tree["access_token"]?.text != nil)
      let wrong = try await send(.POST, url, headers: [type, ("client-request-id", "id-7")], body: form + "&x=%")
      #expect(wrong.status == 400)
      #expect(wrong.tree["correlation_id"]?.text == "id-7")
      let large = try await send(
        .POST, url, headers: [type], body: String(repeating: "x", count: Limits.formBytesMax + 1))
      #expect(large.status == 400)
      let identity = try await send(
        .GET, "\(base)\(ManagedIdentity.appServicePath)?api-version=2019-08-01&resource=http%3A%2F%2Flocalhost",
        headers: [("X-IDENTITY-HEADER", AuthorityServer.demo.identityHeader), ("Metadata", "true")])
      #expect(identity.status == 200)
      #expect(identity.tree["expires_on"]?.text.flatMap(Int.init) != nil)
    }
  }
}
