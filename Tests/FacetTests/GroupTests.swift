import Foundation
import HTTPProbe
import Testing

/// Groups in groups, owners, memberships as answers, and directory objects.
@Suite("Groups")
struct GroupTests {
  private static let all = "User.ReadWrite.All Group.ReadWrite.All"

  /// A server with a caller who may do everything.
  private struct Service {
    let facet: FacetProcess
    let token: String

    func send(
      _ method: String, _ path: String, _ body: String? = nil, token: String? = nil
    ) async throws -> HTTPAnswer {
      try await facet.probe.request(method, path, token: token ?? self.token, body: body)
    }

    /// Creates a group, and returns its id.
    func group(_ name: String, _ members: String = "") async throws -> String {
      let answer = try await send("POST", "/v1.0/groups", "{\"displayName\":\"\(name)\"\(members)}")
      #expect(answer.status == 201, "\(answer.text)")
      return try #require(answer.json["id"] as? String)
    }

    func add(_ object: String, to group: String, as relation: String = "members") async throws -> HTTPAnswer {
      try await send(
        "POST", "/v1.0/groups/\(group)/\(relation)/$ref",
        "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/\(object)\"}")
    }

    /// The ids of a list, over its pages.
    func ids(_ path: String, token: String? = nil) async throws -> [String] {
      var (ids, next): ([String], String?) = ([], path)
      while let path = next {
        let answer = try await send("GET", path, token: token)
        #expect(answer.status == 200, "\(path): \(answer.text)")
        ids += (answer.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        next = (answer.json["@odata.nextLink"] as? String)?.replacing("http://localhost", with: "")
      }
      return ids
    }

    /// What an action returns.
    func values(_ path: String, _ body: String) async throws -> [String] {
      let answer = try await send("POST", path, body)
      #expect(answer.status == 200, "\(path): \(answer.text)")
      return try #require(answer.json["value"] as? [String])
    }
  }

  private func withService(_ body: (Service) async throws -> Void) async throws {
    try await withFacet { facet in
      try await body(Service(facet: facet, token: try await facet.token(roles: Self.all)))
    }
  }

  @Test("Memberships through other groups are answered, and those through a circle are not made")
  func nesting() async throws {
    try await withService { service in
      let (all, team) = (try await service.group("All"), try await service.group("Team"))
      let part = try await service.group("Part", ",\"securityEnabled\":true")
      for (object, group) in [(Demo.amara, part), (Demo.lena, team), (part, team), (team, all), (Demo.lena, all)] {
        #expect(try await service.add(object, to: group).status == 204)
      }
      for (object, group) in [(all, part), (all, all), (team, part)] {
        let answer = try await service.add(object, to: group)
        #expect(answer.status == 400 && answer.errorCode == "Request_BadRequest", "\(answer.text)")
      }
      let amara = "/v1.0/users/\(Demo.amara)"
      #expect(try await service.ids("\(amara)/memberOf") == [part])
      #expect(try await service.ids("\(amara)/transitiveMemberOf") == [all, part, team].sorted())
      #expect(try await service.ids("\(amara)/transitiveMemberOf?$top=1") == [all, part, team].sorted())
      #expect(try await service.ids("\(amara)/transitiveMemberOf/microsoft.graph.group") == [all, part, team].sorted())
      #expect(try await service.ids("\(amara)/transitiveMemberOf?$filter=securityEnabled%20eq%20true") == [part])
      #expect(try await service.send("GET", "\(amara)/transitiveMemberOf/$count").text == "3")
      #expect(try await service.send("GET", "\(amara)/memberOf/microsoft.graph.group/$count").text == "1")
      #expect(try await service.ids("/beta/groups/\(part)/memberOf") == [team])
      #expect(try await service.ids("/beta/groups/\(part)/transitiveMemberOf") == [all, team].sorted())
      let groups = "/v1.0/groups/\(all)"
      #expect(try await service.ids("\(groups)/members") == [Demo.lena, team].sorted())
      #expect(try await service.ids("\(groups)/members?$top=1") == [Demo.lena, team].sorted())
      let everything = [Demo.amara, Demo.lena, part, team].sorted()
      for query in ["", "?$top=1", "?$top=2", "?$top=3"] {
        #expect(try await service.ids("\(groups)/transitiveMembers\(query)") == everything)
      }
      #expect(
        try await service.ids("\(groups)/transitiveMembers/microsoft.graph.user") == [Demo.amara, Demo.lena].sorted())
      #expect(try await service.ids("\(groups)/transitiveMembers/microsoft.graph.group") == [part, team].sorted())
      #expect(try await service.ids("\(groups)/members/microsoft.graph.user?$select=id") == [Demo.lena])
      for (path, count) in [
        ("members", "2"), ("transitiveMembers", "4"), ("transitiveMembers/microsoft.graph.user", "2"),
        ("members/microsoft.graph.group", "1"),
      ] {
        #expect(try await service.send("GET", "\(groups)/\(path)/$count").text == count, "\(path)")
      }
      // Queries of mixed lists are about people, and groups are found by what they have in common with them.
      let named = try await service.ids("\(groups)/transitiveMembers?$filter=displayName%20eq%20'Team'")
      #expect(named == [team])
      let ordered = try await service.send(
        "GET", "\(groups)/transitiveMembers?$orderby=displayName%20desc&$select=displayName")
      let names = (ordered.json["value"] as? [[String: Any]] ?? []).compactMap { $0["displayName"] as? String }
      #expect(names.count == 4 && names == names.sorted(by: >), "\(ordered.text)")
      #expect(try await service.send("DELETE", "/v1.0/groups/\(all)/members/\(team)/$ref").status == 204)
      #expect(try await service.ids("\(amara)/transitiveMemberOf") == [part, team].sorted())
      #expect(try await service.send("DELETE", "/v1.0/groups/\(team)").status == 204)
      #expect(try await service.ids("\(amara)/transitiveMemberOf") == [part])
    }
  }

  @Test("The actions answer with ids, for people, groups and directory objects")
  func actions() async throws {
    try await withService { service in
      let team = try await service.group("Team", ",\"securityEnabled\":false")
      let part = try await service.group("Part", ",\"securityEnabled\":true")
      #expect(try await service.add(part, to: team).status == 204)
      #expect(try await service.add(Demo.amara, to: part).status == 204)
      let other = try await service.group("Other")
      for subject in ["users/\(Demo.amara)", "directoryObjects/\(Demo.amara)"] {
        let path = "/v1.0/\(subject)"
        for action in ["getMemberGroups", "getMemberObjects", "microsoft.graph.getMemberGroups"] {
          let both = try await service.values("\(path)/\(action)", #"{"securityEnabledOnly":false}"#)
          #expect(both == [part, team].sorted(), "\(path)/\(action)")
          #expect(try await service.values("\(path)/\(action)", #"{"securityEnabledOnly":true}"#) == [part])
        }
        for (action, name) in [("checkMemberGroups", "groupIds"), ("checkMemberObjects", "ids")] {
          let body = "{\"\(name)\":[\"\(other)\",\"\(team)\",\"nothing\",\"\(part)\"]}"
          #expect(try await service.values("\(path)/\(action)", body) == [team, part])
        }
      }
      for subject in ["groups/\(part)", "directoryObjects/\(part)"] {
        #expect(try await service.values("/beta/\(subject)/getMemberGroups", "{}") == [team])
      }
      let many = (0...20).map { "\"\($0)\"" }.joined(separator: ",")
      let refused = try await service.send(
        "POST", "/v1.0/users/\(Demo.amara)/checkMemberGroups", "{\"groupIds\":[\(many)]}")
      #expect(refused.status == 400 && refused.errorMessage?.contains("20") == true)
      for path in ["users/nobody", "groups/nothing", "directoryObjects/nothing"] {
        #expect(try await service.send("POST", "/v1.0/\(path)/getMemberGroups", "{}").status == 404, "\(path)")
      }
      let me = try await service.facet.token(user: Demo.amara, scopes: "User.Read")
      let own = try await service.send(
        "POST", "/v1.0/me/getMemberObjects", #"{"securityEnabledOnly":false}"#, token: me)
      #expect(own.json["value"] as? [String] == [part, team].sorted(), "\(own.text)")
      let others = try await service.send("POST", "/v1.0/users/\(Demo.lena)/getMemberGroups", "{}", token: me)
      #expect(others.status == 403 && others.errorMessage?.contains("GroupMember.Read.All") == true)
      #expect(try await service.send("GET", "/v1.0/me/getMemberGroups", token: me).status == 405)
    }
  }

  @Test("Directory objects are read by their ids, as far as the permissions go")
  func objects() async throws {
    try await withService { service in
      let team = try await service.group("Team")
      for (id, type) in [(Demo.amara, "user"), (team, "group")] {
        let answer = try await service.send("GET", "/v1.0/directoryObjects/\(id)?$select=id,displayName")
        #expect(answer.status == 200 && answer.json["id"] as? String == id, "\(answer.text)")
        #expect(answer.json["@odata.type"] as? String == "#microsoft.graph.\(type)")
        #expect(answer.json["displayName"] is String)
      }
      #expect(try await service.send("GET", "/v1.0/directoryObjects/nothing").status == 404)
      for (id, type, status) in [
        (Demo.amara, "user", 200), (team, "group", 200), (team, "user", 404), (Demo.amara, "group", 404),
      ] {
        let path = "/v1.0/directoryObjects/\(id)/microsoft.graph.\(type)?$select=displayName"
        #expect(try await service.send("GET", path).status == status, "\(path)")
      }
      func byIDs(_ types: String, token: String? = nil) async throws -> [String]? {
        let body = "{\"ids\":[\"\(team)\",\"nothing\",\"\(Demo.amara)\"]\(types)}"
        let answer = try await service.send("POST", "/v1.0/directoryObjects/getByIds", body, token: token)
        return (answer.json["value"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
      }
      #expect(try await byIDs("") == [team, Demo.amara])
      #expect(try await byIDs(",\"types\":[\"group\"]") == [team])
      #expect(try await byIDs(",\"types\":[\"User\",\"device\"]") == [Demo.amara])
      #expect(try await byIDs(",\"types\":[\"device\"]") == [])
      let groups = try await service.facet.token(user: Demo.lena, scopes: "User.Read Group.Read.All")
      #expect(try await byIDs("", token: groups) == [team])
      #expect(try await byIDs(",\"types\":[\"user\"]", token: groups) == nil)
      for (body, status) in [
        (#"{"entityType":"Group","displayName":"Team","mailNickname":"team"}"#, 204), (#"{"displayName":""}"#, 422),
        (#"{"entityType":"User","displayName":"Team"}"#, 400), (#"{"entityType":"Group"}"#, 400),
        ("{\"displayName\":\"\(String(repeating: "x", count: 257))\"}", 422),
        ("{\"displayName\":\"\(String(repeating: "x", count: 256))\"}", 204),
      ] {
        #expect(
          try await service.send("POST", "/v1.0/directoryObjects/validateProperties", body).status == status, "\(body)")
      }
    }
  }

  @Test("A group has owners, who gain nothing by it, and keeps the last one")
  func owners() async throws {
    try await withService { service in
      let bind = "https://graph.microsoft.com/v1.0/users/"
      let team = try await service.group(
        "Team", ",\"owners@odata.bind\":[\"\(bind)\(Demo.amara)\"],\"members@odata.bind\":[\"\(bind)\(Demo.lena)\"]")
      let owners = "/v1.0/groups/\(team)/owners"
      #expect(try await service.ids(owners) == [Demo.amara])
      #expect(try await service.ids("/v1.0/groups/\(team)/members") == [Demo.lena])
      #expect(try await service.add(Demo.lena, to: team, as: "owners").status == 204)
      #expect(try await service.add(Demo.lena, to: team, as: "owners").status == 400)
      #expect(try await service.ids("\(owners)/microsoft.graph.user") == [Demo.amara, Demo.lena].sorted())
      #expect(try await service.send("GET", "\(owners)/$count").text == "2")
      let references = try await service.send("GET", "\(owners)/$ref")
      let links = (references.json["value"] as? [[String: Any]] ?? []).compactMap { $0["@odata.id"] as? String }
      #expect(links.count == 2 && links.allSatisfy { $0.contains("/v1.0/directoryObjects/") }, "\(references.text)")
      #expect((references.json["@odata.context"] as? String)?.hasSuffix("$metadata#Collection($ref)") == true)
      let amara = try await service.facet.token(user: Demo.amara, scopes: "User.Read Group.ReadWrite.All")
      for (method, path) in [("PATCH", "/v1.0/groups/\(team)"), ("DELETE", "/v1.0/groups/\(team)")] {
        #expect(try await service.send(method, path, #"{"description":"x"}"#, token: amara).status == 403)
      }
      #expect(try await service.send("DELETE", "\(owners)/\(Demo.amara)/$ref").status == 204)
      let last = try await service.send("DELETE", "\(owners)/\(Demo.lena)/$ref")
      #expect(last.status == 400 && last.errorMessage?.contains("at least one owner") == true)
      let group = try await service.group("Other")
      #expect(try await service.add(group, to: team, as: "owners").status == 404)
      let reference = try await service.send("GET", "/v1.0/groups/\(team)/members/$ref")
      #expect(reference.text.contains("/v1.0/directoryObjects/\(Demo.lena)"))
      #expect(
        try await service.send("GET", "/v1.0/groups/\(team)/members/\(Demo.lena)").json["id"] as? String == Demo.lena)
      #expect(try await service.send("GET", "/v1.0/groups/\(team)/members/\(Demo.amara)").status == 404)
    }
  }

  @Test("A group in a group widens no share and makes no administrator")
  func directMembersAlone() async throws {
    try await withService { service in
      let (team, part) = (try await service.group("Team"), try await service.group("Part"))
      #expect(try await service.add(part, to: team).status == 204)
      #expect(try await service.add(Demo.amara, to: team).status == 204)
      #expect(try await service.add(Demo.lena, to: part).status == 204)
      let phone = try await service.send(
        "POST", "/beta/users/\(Demo.amara)/profile/phones", #"{"number":"1","allowedAudiences":"groupMembers"}"#)
      let id = try #require(phone.json["id"] as? String)
      let lena = try await service.facet.token(user: Demo.lena, scopes: "User.Read.All")
      let path = "/beta/users/\(Demo.amara)/profile/phones/\(id)"
      #expect(try await service.send("GET", path, token: lena).status == 404)
      #expect(try await service.add(Demo.lena, to: team).status == 204)
      #expect(try await service.send("GET", path, token: lena).status == 200)
    }
  }

  @Test("Each permission of the directory opens what it names and nothing more")
  func permissions() async throws {
    try await withService { service in
      let team = try await service.group("Team")
      let (group, amara) = ("/v1.0/groups/\(team)", "/v1.0/users/\(Demo.amara)")
      let reference = "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/users/\(Demo.amara)\"}"
      let requests: [(method: String, path: String, body: String?)] = [
        ("GET", "\(group)/members", nil), ("POST", "\(group)/members/$ref", reference),
        ("DELETE", "\(group)/members/\(Demo.amara)/$ref", nil), ("PATCH", group, #"{"description":"x"}"#),
        ("GET", amara, nil), ("PATCH", amara, #"{"jobTitle":"x"}"#), ("GET", "/beta/users/\(Demo.amara)/profile", nil),
        ("GET", "/beta/users/\(Demo.amara)/profile/changes", nil), ("DELETE", amara, nil), ("DELETE", group, nil),
      ]
      for (role, statuses) in [
        ("GroupMember.Read.All", [200, 403, 403, 403, 403, 403, 403, 403, 403, 403]),
        ("GroupMember.ReadWrite.All", [200, 204, 204, 403, 403, 403, 403, 403, 403, 403]),
        ("Directory.Read.All", [200, 403, 403, 403, 200, 403, 403, 403, 403, 403]),
        ("Directory.ReadWrite.All", [200, 204, 204, 204, 200, 204, 403, 403, 403, 403]),
      ] {
        let token = try await service.facet.token(roles: role)
        var found: [Int] = []
        for request in requests {
          found.append(try await service.send(request.method, request.path, request.body, token: token).status)
        }
        #expect(found == statuses, "\(role)")
        let created = try await service.send("POST", "/v1.0/groups", #"{"displayName":"New"}"#, token: token)
        #expect(created.status == (role == "Directory.ReadWrite.All" ? 201 : 403), "\(role)")
      }
    }
  }
}
