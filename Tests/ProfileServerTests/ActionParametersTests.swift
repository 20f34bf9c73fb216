import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("Parameters of actions")
struct ActionParametersTests {
  private static func action(_ name: String) throws -> Action {
    try #require(ProfileModel.model.actions.first { $0.name == name })
  }

  private static func parameters(_ body: String, _ name: String) throws -> ActionParameters {
    let action = try action(name)
    return try Array(body.utf8).withUnsafeBufferPointer { bytes in try ActionParameters(bytes, of: action) }
  }

  @Test("Parameters are read in any case of their names; null and annotations count as not sent")
  func values() throws {
    for body in [#"{"securityEnabledOnly":true}"#, #"{"SecurityEnabledOnly":true,"@odata.type":"x","a@b":[{}]}"#] {
      #expect(try Self.parameters(body, "getMemberGroups").flag("securityEnabledOnly") == true)
    }
    for body in ["{}", #"{"securityEnabledOnly":null}"#, "\u{FEFF}{}"] {
      #expect(try Self.parameters(body, "getMemberGroups").flag("securityEnabledOnly") == nil)
    }
    let parameters = try Self.parameters(#"{"ids":["a","b","a"],"types":["group"]}"#, "getByIds")
    #expect(try parameters.ids("ids", countMax: 3) == ["a", "b"])
    #expect(try parameters.texts("types") == ["group"])
  }

  @Test(
    "What is no parameter, or of another kind, is refused",
    arguments: [
      "", "[]", "1", #"{"ids":["a"]"#, #"{"ids":["a"]} x"#, #"{"ids":["a"],"ids":["b"]}"#,
      #"{"ids":["a"],"IDS":["b"]}"#,
      #"{"ids":["a"],"colour":1}"#, #"{"ids":[1]}"#, #"{"ids":[null]}"#, #"{"ids":{}}"#, #"{"ids":1}"#,
    ])
  func refused(body: String) throws {
    #expect(throws: GraphError.self) { try Self.parameters(body, "getByIds") }
  }

  @Test("Ids are needed, and no more than an action takes")
  func counts() throws {
    for body in ["{}", #"{"ids":[]}"#, #"{"ids":"a"}"#, #"{"ids":true}"#, #"{"ids":null}"#] {
      #expect(throws: GraphError.self) { try Self.parameters(body, "getByIds").ids("ids", countMax: 9) }
    }
    for (name, member, countMax) in [
      ("getByIds", "ids", Limits.idsAskedMax), ("checkMemberGroups", "groupIds", Limits.idsCheckedMax),
      ("checkMemberObjects", "ids", Limits.idsCheckedMax),
    ] {
      func body(_ count: Int) -> String {
        "{\"\(member)\":[\((0..<count).map { "\"\($0)\"" }.joined(separator: ","))]}"
      }
      #expect(try Self.parameters(body(countMax), name).ids(member, countMax: countMax).count == countMax)
      #expect(throws: GraphError.self) { try Self.parameters(body(countMax + 1), name).ids(member, countMax: countMax) }
    }
    #expect((Limits.idsAskedMax, Limits.idsCheckedMax, Limits.transitiveGroupsMax) == (1_000, 20, 11_000))
  }

  @Test("Every action of the model has a resource, and takes no Idempotency-Key")
  func resources() {
    for action in ProfileModel.model.actions {
      let resources = ResourceTable.resources.filter { $0.template.segments.last == .name(action.name) }
      #expect(!resources.isEmpty, "\(action.name)")
      #expect(resources.allSatisfy { $0.allowedMethods == [.POST] && !$0.takesIdempotencyKey(.POST) })
    }
  }
}
