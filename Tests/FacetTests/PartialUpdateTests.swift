import Foundation
import HTTPProbe
import Testing

/// An update checks what it changes. Values that were imported, or that came with a token, may stay as they are.
struct PartialUpdateTests {
  @Test("People and groups that were imported without a name can be updated and keep what is not sent")
  func imported() async throws {
    let data = try FacetProcess.temporaryFolder()
    let lines = [
      #"{"group":{"id":"nameless"}}"#, #"{"user":{"id":"ann"}}"#,
      #"{"user":{"id":"bob","userPrincipalName":"bob","displayName":null}}"#,
    ]
    let done = try await FacetProcess.run(["import", "--data", data.path], input: lines.joined(separator: "\n"))
    try #require(done.status == 0, "\(done.errors)")
    let facet = try await FacetProcess.start(data: data, demo: false)
    let token = try await facet.token(roles: "User.ReadWrite.All Group.ReadWrite.All")
    func send(_ path: String, _ body: String) async throws -> HTTPAnswer {
      try await facet.probe.request("PATCH", path, token: token, body: body)
    }
    for id in ["ann", "bob"] {
      let path = "/beta/users/\(id)"
      for body in [
        #"{"jobTitle":"Pilot"}"#, #"{"displayName":null,"surname":"S"}"#, "{}", #"{"mail":"\#(id)@contoso.example"}"#,
      ] {
        let answer = try await send(path, body)
        #expect(answer.status == 204, "\(body): \(answer.text)")
      }
      #expect(try await send(path, #"{"displayName":""}"#).status == 400)
      #expect(try await send(path, #"{"displayName":"N"}"#).status == 204)
      // A name cannot be removed again.
      for body in [#"{"displayName":null}"#, #"{"displayName":""}"#] {
        let refused = try await send(path, body)
        #expect(refused.status == 400 && refused.errorMessage?.contains("displayName") == true)
      }
    }
    let group = "/beta/groups/nameless"
    #expect(try await send(group, #"{"description":"D"}"#).status == 204)
    #expect(try await send(group, #"{"displayName":""}"#).status == 400)
    #expect(try await send(group, #"{"displayName":"G"}"#).status == 204)
    #expect(try await send(group, #"{"displayName":null}"#).status == 400)
    let read = try await facet.probe.request("GET", "/beta/users/bob", token: token)
    #expect(read.json["userPrincipalName"] as? String == "bob" && read.json["jobTitle"] as? String == "Pilot")
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }

  @Test("A person whose token holds no name can be updated after the first call")
  func firstCall() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: "nobody-known")
      let application = try await facet.token(roles: "User.ReadWrite.All")
      let me = try await facet.probe.request("GET", "/beta/me", token: own)
      #expect(me.status == 200 && me.json["displayName"] is NSNull, "\(me.text)")
      #expect(
        try await facet.probe.request("PATCH", "/beta/me", token: own, body: #"{"mobilePhone":"1"}"#).status == 204)
      let answer = try await facet.probe.request(
        "PATCH", "/beta/users/nobody-known", token: application, body: #"{"jobTitle":"J"}"#)
      #expect(answer.status == 204, "\(answer.text)")
    }
  }

  @Test("An import refuses names that an update would refuse", arguments: ["user", "group"])
  func emptyNames(_ kind: String) async throws {
    let data = try FacetProcess.temporaryFolder()
    let result = try await FacetProcess.run(
      ["import", "--data", data.path], input: "{\"\(kind)\":{\"id\":\"a\",\"displayName\":\"\"}}\n")
    #expect(result.status != 0 && result.errors.contains("Line 1") && result.errors.contains("displayName"))
    try FileManager.default.removeItem(at: data)
  }
}
