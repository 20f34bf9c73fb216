import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("Tenants behind the version of a path")
struct TenantPrefixTests {
  private func prefix(_ path: String, of tenant: String = "Contoso") throws -> TenantPrefix? {
    let caller = Caller(actor: .application, tenant: try #require(TenantID(tenant)), permissions: [])
    return TenantPrefix(Array(path.utf8), of: caller)
  }

  @Test(
    "The caller's tenant is known by its id and by Graph's alias, in any case",
    arguments: ["/v1.0/contoso/users/u", "//v1.0//CONTOSO//users/u", "/v1.0/MyOrganization/users/u"])
  func own(path: String) throws {
    let found = try #require(try prefix(path))
    #expect(found.tenant == .own)
    #expect(String(decoding: found.rest, as: UTF8.self).hasSuffix("v1.0/users/u") || path.hasPrefix("//"))
    let resolved = try ResourcePath(found.rest, model: ProfileModel.model)
    #expect(resolved.root.name == "users" && resolved.key?.value == "u")
  }

  @Test("A domain is asked for, and a GUID that is not the caller's is another tenant's")
  func others() throws {
    #expect(try prefix("/beta/Fabrikam.example/me")?.tenant == .domain(#require(DomainName("fabrikam.example"))))
    #expect(try prefix("/beta/22222222-2222-4222-8222-222222222222/me")?.tenant == .other)
  }

  @Test(
    "Everything else is a resource",
    arguments: [
      "/beta/me", "/beta/users/a.b", "/beta/users('a.b@c.d')/profile",
      "/beta/users/22222222-2222-4222-8222-222222222222",
      "/beta/$batch", "/beta", "/beta/", "/", "", "/beta/../me", "/beta/./me", "/beta/a..b", "/beta/nosuch/x",
      "/beta/222222222222222222222222222222222222/me",
    ])
  func resources(path: String) throws {
    let found = try prefix(path)
    #expect(found?.tenant == nil)
  }

  @Test("A batch may lie below a tenant")
  func batch() throws {
    for path in ["/v1.0/contoso/$batch", "/beta/myorganization//$BATCH/", "/beta/contoso.example/%24batch"] {
      #expect(try prefix(path)?.namesBatch == true, "\(path)")
    }
    for path in ["/v1.0/contoso/$batch/x", "/v1.0/contoso", "/v1.0/contoso/batch", "/v1.0/contoso/%batch"] {
      #expect(try prefix(path)?.namesBatch != true, "\(path)")
    }
  }

  @Test("A tenant whose id is the name of a resource is not taken for it")
  func namesake() throws {
    #expect(try prefix("/beta/groups/x", of: "groups")?.tenant == nil)
    for path in ["/beta/users/x", "/v1.0/USERS/x", "//beta/users/x", "/v1.0/users"] {
      #expect(try prefix(path, of: "users")?.tenant == nil, "\(path)")
    }
    #expect(try prefix("/beta/myorganization/groups", of: "groups")?.tenant == .own)
  }
}
