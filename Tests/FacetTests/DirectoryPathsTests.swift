import Foundation
import HTTPProbe
import Testing

/// Tenants in paths, the organisation and its domains, and names that are not offered, against a running server.
@Suite("Paths around the directory")
struct DirectoryPathsTests {
  @Test("Behind the version may stand the caller's own tenant, and no other")
  func tenants() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.ReadWrite.All")
      let tenant = facet.ready.tenant
      let whole = try await facet.probe.request("GET", "/v1.0/users/\(Demo.lena)", token: token)
      for prefix in [tenant, tenant.uppercased(), "myorganization", "MyOrganization", "contoso.example"] {
        let answer = try await facet.probe.request("GET", "/v1.0/\(prefix)/users/\(Demo.lena)", token: token)
        #expect(answer.status == 200 && answer.body == whole.body, "\(prefix): \(answer.text)")
        let phones = "/beta/\(prefix)/users/\(Demo.lena)/profile/phones"
        #expect(try await facet.probe.request("POST", phones, token: token, body: "{}").status == 201, "\(prefix)")
      }
      for prefix in [
        "22222222-2222-4222-8222-222222222222", "fabrikam.example", "x.contoso.example",
        "9188040d-6c67-4c5b-b112-36a304b66dad",
      ] {
        for path in ["users/\(Demo.lena)", "me", "nosuch", ""] {
          let answer = try await facet.probe.request("GET", "/v1.0/\(prefix)/\(path)", token: token)
          #expect(answer.status == 404 && answer.errorCode == "Request_ResourceNotFound", "\(prefix)/\(path)")
        }
      }
      for path in ["contoso.example./me", "../me", "./me", "a..b/me"] {
        #expect(try await facet.probe.request("GET", "/v1.0/\(path)", token: token).status == 400, "\(path)")
      }
      // Twice is once too often, and a name with a dot in a key is no tenant.
      #expect(try await facet.probe.request("GET", "/v1.0/\(tenant)/\(tenant)/users", token: token).status == 400)
      let named = try await facet.probe.request("GET", "/v1.0/users('lena@contoso.example')", token: token)
      #expect(named.status == 200)
      let page = try await facet.probe.request("GET", "/v1.0/\(tenant)/users?$top=1", token: token)
      let next = try #require((page.json["@odata.nextLink"] as? String).flatMap { URL(string: $0) })
      let second = try await facet.probe.request("GET", "\(next.path())?\(next.query() ?? "")", token: token)
      #expect(second.status == 200 && second.body != page.body, "\(second.text)")
      let batch = try await facet.probe.request(
        "POST", "/v1.0/$batch", token: token,
        body: #"{"requests":[{"id":"1","method":"GET","url":"/\#(tenant)/users/\#(Demo.lena)"}]}"#)
      #expect(batch.text.contains("\"status\":200"), "\(batch.text)")
      let parts = #"{"requests":[{"id":"1","method":"GET","url":"/users/\#(Demo.lena)"},"#
      for (path, status) in [
        ("/v1.0/\(tenant)/$batch", 200), ("/beta/myorganization/%24Batch", 200), ("/v1.0/contoso.example/$batch/", 200),
        ("/v1.0/fabrikam.example/$batch", 404), ("/v1.0/22222222-2222-4222-8222-222222222222/$batch", 404),
        ("/v1.0/\(tenant)/\(tenant)/$batch", 400), ("/v1.0/\(tenant)/$batch/x", 400),
      ] {
        let nested =
          #"{"id":"2","method":"POST","url":"/\#(tenant)/$batch","headers":{"Content-Type":"application/json"},"#
        let body = parts + nested + #""body":{"requests":[]}}]}"#
        let answer = try await facet.probe.request("POST", path, token: token, body: body)
        #expect(answer.status == status, "\(path): \(answer.text)")
        guard status == 200 else { continue }
        let found = try #require(answer.json["responses"] as? [[String: Any]])
        #expect(found.map { $0["status"] as? Int } == [200, 400], "\(path): \(answer.text)")
      }
      #expect(try await facet.probe.request("GET", "/v1.0/\(tenant)/$batch", token: token).status == 405)
      #expect(try await facet.probe.request("GET", "/v1.0/\(tenant)/users", token: nil).status == 401)
    }
  }

  @Test("The organisation and its domains are those of the caller's tenant, as its settings say")
  func organization() async throws {
    try await withFacet { facet in
      let tenant = facet.ready.tenant
      let reader = try await facet.token(user: Demo.lena, scopes: "User.Read")
      let application = try await facet.token(roles: "Organization.Read.All Domain.Read.All")
      func run(_ arguments: String...) async throws -> FacetProcess.CommandResult {
        try await FacetProcess.run(
          ["tenant"] + arguments.prefix(while: { !$0.hasPrefix("=") }) + ["--data", facet.data.path]
            + arguments.drop(while: { !$0.hasPrefix("=") }).map { String($0.dropFirst()) })
      }
      let before = try await facet.probe.request("GET", "/v1.0/organization", token: reader)
      let value = try #require((before.json["value"] as? [[String: Any]])?.first)
      #expect(value["id"] as? String == tenant && value["displayName"] as? String == "Contoso")
      let domains = value["verifiedDomains"] as? [[String: Any]]
      #expect(domains?.map { $0["name"] as? String } == ["contoso.example"])
      for name in ["main.example", "Sub.Main.Example", "main.example"] {
        let added = try await run("domain", "add", "=\(tenant)", "=\(name)")
        #expect(added.status == 0, "\(added.errors)")
      }
      #expect(
        try await run("add", "=--name", "=Main", "=--technical-mail", "=it@main.example", "=\(tenant)").status == 0)
      let one = try await facet.probe.request("GET", "/beta/organization/\(tenant)", token: application)
      #expect(one.json["displayName"] as? String == "Main")
      #expect(one.json["technicalNotificationMails"] as? [String] == ["it@main.example"])
      let list = try await facet.probe.request("GET", "/v1.0/domains", token: application)
      let found = try #require(list.json["value"] as? [[String: Any]])
      #expect(found.map { $0["id"] as? String } == ["main.example", "sub.main.example"])
      #expect(found.map { $0["isDefault"] as? Bool } == [true, false])
      #expect(found.map { $0["isRoot"] as? Bool } == [true, false])
      let domain = try await facet.probe.request("GET", "/v1.0/domains/SUB.main.example", token: application)
      #expect(domain.json["isVerified"] as? Bool == true)
      #expect(try await facet.probe.request("GET", "/v1.0/sub.main.example/organization", token: reader).status == 200)
      for path in ["/v1.0/organization/22222222-2222-4222-8222-222222222222", "/v1.0/domains/contoso.example"] {
        #expect(try await facet.probe.request("GET", path, token: application).status == 404, "\(path)")
      }
      for name in ["nodot", "-a.b", "a b.c"] {
        #expect(try await run("domain", "add", "=\(tenant)", "=\(name)").status != 0, "\(name)")
      }
      let other = "22222222-2222-4222-8222-222222222222"
      #expect(try await run("add", "=\(other)").status == 0)
      #expect(try await run("domain", "add", "=\(other)", "=main.example").status != 0)
      #expect(try await run("domain", "remove", "=\(tenant)", "=main.example").status == 0)
      #expect(try await run("domain", "remove", "=\(tenant)", "=main.example").status != 0)
      #expect(try await run("domain", "add", "=\(other)", "=main.example").status == 0)
      #expect(try await facet.probe.request("GET", "/v1.0/main.example/organization", token: reader).status == 404)
    }
  }

  @Test("Each of the two needs its permission, and neither is written")
  func permissions() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: Demo.lena, scopes: "User.Read")
      for path in ["organization", "organization/\(facet.ready.tenant)", "domains", "domains/contoso.example"] {
        for version in ["v1.0", "beta"] {
          #expect(try await facet.probe.request("GET", "/\(version)/\(path)", token: own).status == 200, "\(path)")
        }
      }
      let other = try await facet.token(user: Demo.lena, scopes: "User.ReadBasic.All")
      #expect(try await facet.probe.request("GET", "/v1.0/domains", token: other).status == 403)
      for (roles, organization, domains) in [
        ("User.ReadWrite.All", 403, 403), ("Organization.Read.All", 200, 403), ("Domain.Read.All", 403, 200),
        ("Directory.Read.All", 200, 200), ("Directory.ReadWrite.All", 200, 200), ("Group.ReadWrite.All", 403, 403),
      ] {
        let token = try await facet.token(roles: roles)
        for (path, status, least) in [
          ("/v1.0/organization", organization, "Organization.Read.All"), ("/v1.0/domains", domains, "Domain.Read.All"),
        ] {
          let answer = try await facet.probe.request("GET", path, token: token)
          #expect(answer.status == status, "\(roles) \(path)")
          if status == 403 { #expect(answer.errorMessage?.contains(least) == true, "\(answer.text)") }
          for method in ["POST", "PATCH", "DELETE"] {
            let body = method == "DELETE" ? nil : "{}"
            #expect(try await facet.probe.request(method, path, token: token, body: body).status == 405, "\(method)")
          }
        }
      }
    }
  }

  @Test("What Graph has and this server has not is refused with 501 and its name")
  func unoffered() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.lena, scopes: "User.Read.All Group.Read.All")
      for (method, path, name) in [
        ("GET", "/v1.0/users/delta?$select=accountEnabled", "users/delta"),
        ("GET", "/v1.0/groups/delta", "groups/delta"),
        ("GET", "/v1.0/me/ownedObjects", "ownedObjects"), ("GET", "/v1.0/me/contacts", "contacts"),
        ("GET", "/v1.0/directory/deletedItems/\(Demo.lena)", "directory/deletedItems"),
        ("POST", "/v1.0/subscriptions", "subscriptions"), ("POST", "/v1.0/search/query", "search/query"),
        ("GET", "/v1.0/users/\(Demo.lena)/extensions", "extensions"),
        ("GET", "/beta/users/\(Demo.lena)/licenseDetails/1", "licenseDetails"),
        ("POST", "/v1.0/me/sendMail", "sendMail"), ("GET", "/v1.0/users?$select=signInActivity", "signInActivity"),
        ("GET", "/v1.0/myorganization/subscriptions", "subscriptions"),
      ] {
        let answer = try await facet.probe.request(method, path, token: token, body: method == "POST" ? "{}" : nil)
        #expect(answer.status == 501 && answer.errorCode == "notImplemented", "\(path): \(answer.text)")
        #expect(answer.errorMessage?.contains("'\(name)'") == true, "\(path): \(answer.text)")
      }
      #expect(try await facet.probe.request("GET", "/v1.0/nosuch", token: token).status == 400)
    }
  }
}
