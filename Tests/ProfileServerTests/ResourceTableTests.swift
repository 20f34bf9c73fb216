import Foundation
import NIOCore
import NIOHTTP1
import OData
import Testing

@testable import ProfileServer
@testable import Profiles

@Suite("The table of resources")
struct ResourceTableTests {
  private static let model = ProfileModel.model

  /// The paths of the OpenAPI document with their operations.
  private static func paths() throws -> [String: [String: Any]] {
    let bytes = ServiceMetadata.openAPI.plain.bytes
    let root = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
    return try #require(root?["paths"] as? [String: [String: Any]])
  }

  /// A path that matches the template.
  private static func path(of resource: Resource) -> String {
    "/beta"
      + resource.template.text.replacing("{setting-id}", with: "f").replacing("{collection}", with: "phones")
      .replacing("{property}", with: property(of: resource)).replacing("{user-id}", with: "a")
      .replacing("{item-id}", with: "b").replacing("{group-id}", with: "c").replacing("{member-id}", with: "d")
      .replacing("{object-id}", with: "e").replacing("{owner-id}", with: "f")
      .replacing("{organization-id}", with: "h").replacing("{domain-id}", with: "g.example")
      .replacing("{photo-size}", with: "48x48")
  }

  /// A property of the resource: a collection where values are counted.
  private static func property(of resource: Resource) -> String {
    guard resource.template.segments.last == .system("$count") else { return "id" }
    return resource.type === ProfileModel.user
      ? "businessPhones" : resource.type === ProfileModel.group ? "groupTypes" : "sources"
  }

  @Test("Each resource and each of its methods is declared once")
  func rowsAreUnique() {
    let names = ResourceTable.resources.flatMap { resource in
      resource.routes.map { "\(resource.template.text) \($0.method)" } + [resource.template.text]
    }
    #expect(Set(names).count == names.count)
    #expect(ResourceTable.labels.map(\.index) == Array(ResourceTable.labels.indices))
  }

  @Test(
    "Each resource is found at its path, and its handlers fit the keys of the path", arguments: ResourceTable.resources
  )
  func dispatch(resource: Resource) throws {
    let requested = try RequestedResource(path: Array(Self.path(of: resource).utf8))
    #expect(requested.resource === resource)
    for route in resource.routes { #expect(route.handler.fits(requested.subject), "\(resource.template.text)") }
  }

  @Test("Every collection has every operation, under /me and /users")
  func everyCollection() throws {
    let paths = try Self.paths()
    for collection in ProfileModel.collections {
      for user in ["me", "users/{user-id}"] {
        let address = "/beta/\(user)/profile/\(collection.name)"
        #expect(Set((paths[address] ?? [:]).keys) == ["get", "post"])
        #expect(Set((paths[address + "/{item-id}"] ?? [:]).keys) == ["get", "patch", "delete"])
        for path in [
          "/$count", "/{item-id}/{property}", "/{item-id}/{property}/$value", "/{item-id}/{property}/$count",
        ] {
          #expect(Set((paths[address + path] ?? [:]).keys) == ["get"])
        }
      }
    }
  }

  @Test("People and groups have photos in both versions, whose bytes take PUT and PATCH")
  func photos() throws {
    let paths = try Self.paths()
    for version in ["beta", "v1.0"] {
      for owner in ["me", "users/{user-id}", "groups/{group-id}"] {
        func methods(_ rest: String) -> Set<String> { Set((paths["/\(version)/\(owner)/\(rest)"] ?? [:]).keys) }
        #expect(methods("photo") == (owner.hasPrefix("groups") ? ["get", "delete"] : ["get", "patch", "delete"]))
        #expect(methods("photo/$value") == ["get", "put", "patch", "delete"])
        for rest in ["photos", "photos/{photo-size}", "photos/{photo-size}/$value"] {
          #expect(methods(rest) == ["get"])
        }
      }
    }
    // Besides photos, only the reference to a manager is set so.
    let put = paths.filter { $0.value.keys.contains("put") }.keys
    #expect(put.allSatisfy { $0.hasSuffix("/photo/$value") || $0.hasSuffix("/manager/$ref") })
  }

  @Test("Any square may be asked for, and nothing else is a size")
  func photoSizes() throws {
    for (name, side) in [("48x48", 48), ("648X648", 648), ("1x1", 1), ("99999x99999", 99_999)] {
      guard
        case .photoSize(.person(.me), let found) = try RequestedResource(
          path: Array("/v1.0/me/photos/\(name)/$value".utf8)
        ).subject
      else {
        Issue.record("\(name) is a size")
        continue
      }
      #expect(found == side)
    }
    for name in ["48", "48x64", "x", "48x", "-1x-1", "100000x100000", "48x48x48", "4٨x4٨"] {
      #expect(throws: GraphError.malformedPhotoSize, "\(name)") {
        try RequestedResource(path: Array("/beta/me/photos/\(name)".utf8))
      }
    }
  }

  @Test("Both versions have users, only /beta has profiles")
  func versions() throws {
    let paths = try Self.paths()
    for version in ["beta", "v1.0"] {
      #expect(Set((paths["/\(version)/users"] ?? [:]).keys) == ["get", "post"])
      #expect(Set((paths["/\(version)/users/{user-id}"] ?? [:]).keys) == ["get", "patch", "delete"])
      #expect(Set((paths["/\(version)/me"] ?? [:]).keys) == ["get", "patch"])
      #expect(paths["/\(version)/"] != nil && paths["/\(version)/$metadata"] != nil)
    }
    #expect(paths["/beta/me/profile"] != nil)
    #expect(paths["/beta/$batch"]?["post"] != nil && paths["/v1.0/$batch"]?["post"] != nil)
    #expect(paths.keys.filter { $0.hasPrefix("/v1.0") && "\($0)/".contains("/profile/") }.isEmpty)
    #expect(paths["/v1.0/me/people"]?["get"] != nil && paths["/v1.0/admin/people/profileSources"]?["post"] != nil)
  }

  @Test(
    "A changeset takes POST to a collection, PATCH and DELETE of an item, and nothing else",
    arguments: ResourceTable.resources)
  func changesets(resource: Resource) throws {
    let caller = Caller(actor: .user(try #require(UserID("a"))), tenant: .demo, permissions: [.userReadWrite])
    let allowed: [String: [HTTPMethod]] = [
      "/users/{user-id}/profile/{collection}": [.POST],
      "/users/{user-id}/profile/{collection}/{item-id}": [.PATCH, .DELETE],
    ]
    for method: HTTPMethod in [.GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS, .RAW(value: "COPY")] {
      let request = GraphRequest(
        method: method, target: Self.path(of: resource), headers: [:], body: nil, origin: "http://a", isBatchPart: true)
      let isTaken = (try? Changeset.members([request], by: caller)) != nil
      #expect(isTaken == (allowed[resource.template.text] ?? []).contains(method), "\(method) \(request.target)")
    }
  }

  @Test("The documented query options are the supported ones", arguments: ResourceTable.documented)
  func options(resource: Resource) throws {
    let requested = try RequestedResource(path: Array(Self.path(of: resource).utf8))
    for route in resource.routes {
      let supported = resource.supportedOptions(of: route.method.httpMethod)
      for option in SystemQueryOption.allCases {
        let value =
          [
            .select: "id", .expand: resource.type === ProfileModel.user ? "manager" : "phones", .filter: "true",
            .orderby: "id", .top: "1", .skip: "1", .count: "true",
            .search: "a",
          ][option] ?? ""
        let query = "\(option.name)=\(value)"
        let isTaken = (try? QueryOptions(query.utf8, of: requested.type, supporting: supported)) != nil
        #expect(isTaken == route.options.contains(option), "\(route.method) \(resource.template.text)?\(query)")
      }
    }
  }

  @Test("No two operations have the same id")
  func ids() throws {
    let ids = try Self.paths().values.flatMap { $0.values.compactMap { ($0 as? [String: Any])?["operationId"] } }
    let texts = ids.compactMap { $0 as? String }
    #expect(texts.count == APIOperation.all(of: Self.model).count)
    #expect(Set(texts).count == texts.count)
  }

  @Test("A second address of a collection has the same operations")
  func secondAddress() throws {
    let model = try EntityModel(
      namespace: "test", enums: [],
      types: [
        .entity("user", base: nil, "", [.string("id", "").traits(.key)]),
        .entity("profile", base: nil, contained: .init(in: "user", as: "profile", isCollection: false, ""), "", []),
        .entity(
          "duty", base: nil, contained: .init(in: "profile", as: "responsibilities", isOwnerOptionalInPaths: true, ""),
          "",
          [.string("id", "").traits(.key)]),
      ], roots: [.entitySet("users", of: "user"), .singleton("me", of: "user")])
    let text = String(buffer: ServiceMetadata.openAPI(of: model).plain.bytes)
    for suffix in ["", "/$count", "/{item-id}", "/{item-id}/{property}"] {
      #expect(text.contains("\"/beta/me/responsibilities\(suffix)\":"))
      #expect(text.contains("\"/beta/me/profile/responsibilities\(suffix)\":"))
    }
    #expect(CoveragePage.text(of: model).contains("| `responsibilities` | `/me/responsibilities` | `duty` |"))
  }

  @Test("The documented permissions are the required ones")
  func permissions() throws {
    let person = Caller(actor: .user(try #require(UserID("a"))), tenant: .demo, permissions: [])
    let application = Caller(actor: .application, tenant: .demo, permissions: [])
    for access in RequiredPermissions.allCases {
      #expect(access.sufficient(.own) == access.sufficient(for: person, isOwner: true))
      #expect(access.sufficient(.others) == access.sufficient(for: person, isOwner: false))
      #expect(access.sufficient(.application) == access.sufficient(for: application, isOwner: false))
    }
  }
}

extension RouteHandler {
  /// Whether the handler can handle a path with this subject.
  fileprivate func fits(_ subject: RequestedResource.Subject) -> Bool {
    switch (self, subject) {
    case (.setting, .setting): true
    case (.setting, _): false
    case (.service, .service), (.person, .person), (.collection, .collection), (.item, .item), (.group, .group),
      (.member, .member), (.object, .directoryObject), (.entity, .entity), (.property, .person), (.property, .item),
      (.property, .group), (.photoSize, .photoSize):
      true
    case (.service, _), (.person, _), (.collection, _), (.item, _), (.group, _), (.member, _), (.object, _),
      (.entity, _), (.property, _), (.photoSize, _):
      false
    }
  }
}
