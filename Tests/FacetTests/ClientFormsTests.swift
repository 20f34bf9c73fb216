import Foundation
import HTTPProbe
import Testing

/// Requests in forms that only some clients send, against a running server.
@Suite("Client-specific request forms")
struct ClientFormsTests {
  private static let groups = "Group.ReadWrite.All User.Read.All User.ReadWrite.All"

  /// A group, and a token of an application that may write it.
  private static func group(_ facet: FacetProcess) async throws -> (path: String, token: String) {
    let token = try await facet.token(roles: groups)
    let made = try await facet.probe.request("POST", "/v1.0/groups", token: token, body: #"{"displayName":"Team"}"#)
    let id = try #require(made.json["id"] as? String)
    return ("/v1.0/groups/\(id)", token)
  }

  private static func members(_ facet: FacetProcess, _ group: (path: String, token: String)) async throws -> [String] {
    let list = try await facet.probe.request("GET", group.path + "/members", token: group.token)
    return (list.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }.sorted()
  }

  @Test("An entity reference names a person in every form of a path, on this server and on Graph's hosts only")
  func references() async throws {
    try await withFacet { facet in
      let group = try await Self.group(facet)
      let ref = group.path + "/members/$ref"
      for reference in [
        "users/\(Demo.innocenty)", "/users('\(Demo.innocenty)')", "directoryObjects('\(Demo.innocenty)')",
        "users/\(Demo.innocentyName)", "users('\(Demo.innocentyName.uppercased())')",
        "\(facet.ready.http)/beta/users/\(Demo.innocenty)", "\(facet.ready.https)/v1.0/users/\(Demo.innocentyName)",
        "https://graph.microsoft.com/v1.0/directoryObjects/\(Demo.innocenty)",
        "https://graph.microsoft.us/beta/\(facet.ready.tenant)/users('\(Demo.innocenty)')",
        "http://localhost/v1.0/users/\(Demo.innocenty)",
      ] {
        for body in [#"{"@odata.id":"\#(reference)"}"#, "\u{FEFF}{\"@id\":\"\(reference)\",}"] {
          let added = try await facet.probe.request("POST", ref, token: group.token, body: body)
          #expect(added.status == 204, "\(body) \(added.text)")
          #expect(try await Self.members(facet, group) == [Demo.innocenty], "\(reference)")
          let id = reference.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
          let removed = try await facet.probe.request("DELETE", ref + "?$id=" + id, token: group.token)
          #expect(removed.status == 204, "\(reference) \(removed.text)")
          #expect(try await Self.members(facet, group).isEmpty)
        }
        let bound = #"{"members@odata.bind":["\#(reference)"]}"#
        #expect(try await facet.probe.request("PATCH", group.path, token: group.token, body: bound).status == 204)
        #expect(try await Self.members(facet, group) == [Demo.innocenty], "\(reference)")
        let member = group.path + "/members('\(Demo.innocenty)')/$ref"
        #expect(try await facet.probe.request("DELETE", member, token: group.token).status == 204)
      }
      for (reference, status) in [
        ("https://elsewhere.example/v1.0/users/\(Demo.innocenty)", 400), ("users/nobody@contoso.example", 404),
        ("users/\(UUID().uuidString)", 404), ("/groups/\(Demo.innocenty)", 404),
        ("/groups/\(Demo.innocenty)/members", 400), ("/me", 400), ("", 400),
      ] {
        let body = #"{"@odata.id":"\#(reference)"}"#
        let refused = try await facet.probe.request("POST", ref, token: group.token, body: body)
        #expect(refused.status == status && refused.errorMessage?.isEmpty == false, "\(reference)")
      }
      #expect(try await facet.probe.request("DELETE", ref, token: group.token).status == 400)
      #expect(try await facet.probe.request("DELETE", ref + "?id=users/a", token: group.token).status == 400)
      #expect(try await facet.probe.request("GET", "/v1.0/groups?id=1", token: group.token).status == 200)
      #expect(try await facet.probe.request("GET", "/v1.0/groups?$id=1", token: group.token).status == 400)
    }
  }

  @Test("A caller who may not write a group does not learn whom a principal name belongs to")
  func referencesOfStrangers() async throws {
    try await withFacet { facet in
      let group = try await Self.group(facet)
      let reader = try await facet.token(roles: "Group.Read.All User.Read.All")
      var answers: Set<Int> = []
      for name in [Demo.innocentyName, "nobody@contoso.example"] {
        let body = #"{"@odata.id":"users/\#(name)"}"#
        let answer = try await facet.probe.request("POST", group.path + "/members/$ref", token: reader, body: body)
        answers.insert(answer.status)
      }
      #expect(answers == [403])
    }
  }

  @Test("Members and memberships are directory objects in their context URL, each with its own type")
  func contexts() async throws {
    try await withFacet { facet in
      let group = try await Self.group(facet)
      let body = #"{"@odata.id":"users/\#(Demo.innocenty)"}"#
      let added = try await facet.probe.request("POST", group.path + "/members/$ref", token: group.token, body: body)
      #expect(added.status == 204)
      for (path, suffix, type) in [
        (group.path + "/members", "#directoryObjects", "#microsoft.graph.user"),
        (group.path + "/members?$select=id,displayName", "#directoryObjects(id,displayName)", "#microsoft.graph.user"),
        ("/beta/users/\(Demo.innocenty)/memberOf", "#directoryObjects", "#microsoft.graph.group"),
        ("/v1.0/groups", "#groups", "#microsoft.graph.group"),
      ] {
        let list = try await facet.probe.request("GET", path, token: group.token)
        #expect((list.json["@odata.context"] as? String)?.hasSuffix("$metadata" + suffix) == true, "\(path)")
        let first = (list.json["value"] as? [[String: Any]])?.first
        #expect(first?["@odata.type"] as? String == type, "\(path)")
      }
    }
  }

  @Test("A resource that OData defines at the root and this server lacks is 501; one that nobody defines is not")
  func unoffered() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.groups)
      for path in [
        "/v1.0/$entity?$id=users/a", "/beta/$all", "/v1.0/$crossjoin(users,groups)", "/v1.0/directoryObjects",
        "/v1.0/users/microsoft.graph.user", "/v1.0/users/$filter(@p)?@p=true", "/v1.0/users/$each",
        "/beta/users/\(Demo.innocenty)/profile?$expand=phones/$ref",
        "/beta/users/\(Demo.innocenty)/profile?$expand=*/$ref",
      ] {
        let answer = try await facet.probe.request("GET", path, token: token)
        #expect(answer.status == 501 && answer.errorMessage?.isEmpty == false, "\(path) \(answer.status)")
      }
      #expect(try await facet.probe.request("GET", "/v1.0/$nosuch", token: token).status == 400)
    }
  }

  @Test("/$count expands without the items, and counts values, also of collections that were never set")
  func counts() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let profile = "/beta/me/profile"
      for (query, count) in [
        ("phones/$count", 2), ("phones/$count($filter=type%20eq%20'pager')", 0), ("phones/$count($search=car)", 1),
      ] {
        let answer = try await facet.probe.request("GET", "\(profile)?$expand=\(query),emails", token: token)
        #expect(answer.json["phones@odata.count"] as? Int == count, "\(query) \(answer.text.prefix(200))")
        #expect(answer.json["phones"] == nil && answer.json["emails"] is [Any])
      }
      let bare = try await facet.probe.request(
        "GET", "\(profile)?$select=phones&$expand=phones/$count", token: token,
        headers: ["Accept": "application/json;odata.metadata=none"])
      #expect(bare.text == #"{"phones@odata.count":2}"#)
      for (path, status, text) in [
        ("/beta/users/\(Demo.innocenty)/businessPhones/$count", 200, "1"),
        ("/v1.0/me/businessPhones/$COUNT", 200, "1"), ("\(profile)/phones/\(Demo.phone)/source/type/$count", 200, "1"),
        ("\(profile)/phones/\(Demo.phone)/sources/$count", 200, "0"), ("/beta/me/displayName/$count", 400, nil),
        ("/beta/me/businessPhones/$count?$filter=true", 400, nil), ("/beta/me/nosuch/$count", 400, nil),
      ] as [(String, Int, String?)] {
        let answer = try await facet.probe.request("GET", path, token: token)
        #expect(answer.status == status, "\(path) \(answer.text)")
        if let text { #expect(answer.text == text && answer.header("Content-Type")?.hasPrefix("text/plain") == true) }
      }
      let unset = try await facet.probe.request(
        "GET", "\(profile)/phones/$count?$filter=sources/$count%20eq%200", token: token)
      #expect(unset.text == "2")
    }
  }

  @Test(
    "Batch URLs may hold spaces and any name of this server, and an empty batch has no responses")
  func batches() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.groups)
      func send(_ urls: [String]) async throws -> [[String: Any]] {
        let requests = urls.enumerated().map { ["id": "\($0)", "method": "GET", "url": $1] }
        let body = try JSONSerialization.data(withJSONObject: ["requests": requests])
        let answer = try await facet.probe.request(
          "POST", "/v1.0/$batch", token: token, body: String(decoding: body, as: UTF8.self))
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        return try #require(answer.json["responses"] as? [[String: Any]])
      }
      #expect(try await send([]).isEmpty)
      let parts = try await send([
        "users?$select=id,displayName,userPrincipalName&$filter=jobTitle ne null&$count=true&$top=1",
        " /users/\(Demo.innocenty) ", "\(facet.ready.http)/v1.0/users/\(Demo.innocenty)",
        "\(facet.ready.https)/beta/users('\(Demo.innocenty)')", "http://LOCALHOST/v1.0/users?$filter=id eq 'a b'",
        "https://graph.microsoft.com/v1.0/users", "https://elsewhere.example/v1.0/users", "/users#x",
      ])
      #expect(parts.map { $0["status"] as? Int } == [200, 200, 200, 200, 200, 400, 400, 400])
      // The link to the next page holds no space and can be followed, alone and in a batch.
      let link = try #require((parts[0]["body"] as? [String: Any])?["@odata.nextLink"] as? String)
      #expect(!link.contains(" "))
      #expect(try await send([link]).map { $0["status"] as? Int } == [200])
      let target = String(link.dropFirst("http://localhost".count))
      #expect(try await facet.probe.request("GET", target, token: token).status == 200)
    }
  }

  @Test("OData versions with a suffix are accepted; a newer version and an isolation are refused with the reason")
  func versions() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for (headers, status, sentence) in [
        (["OData-Version": "4.0;NetFx", "OData-MaxVersion": "4.0;NetFx"], 200, nil),
        (["OData-MaxVersion": "4.01"], 200, nil), (["OData-Version": "4.01"], 400, "odata."),
        (["OData-Isolation": "snapshot"], 412, "snapshot"), (["Isolation": "snapshot"], 412, "snapshot"),
        (["Accept-Charset": "utf-8", "Accept": "application/json;charset=utf-16"], 200, nil),
        (["Accept-Charset": "utf-16"], 406, nil),
      ] as [([String: String], Int, String?)] {
        for path in ["/beta/me", "/v1.0/", "/beta/me/profile/phones/$count"] {
          let answer = try await facet.probe.request("GET", path, token: token, headers: headers)
          #expect(answer.status == status, "\(path) \(headers) \(answer.text)")
          if let sentence { #expect(answer.errorMessage?.contains(sentence) == true) }
        }
        let patched = try await facet.probe.request(
          "PATCH", Demo.phonePath, token: token, headers: headers, body: "\u{FEFF}{\"displayName\":\"\(status)\"}")
        #expect(patched.status == status, "\(headers)")
      }
      let part = #"{"id":"1","method":"GET","url":"/me","headers":{"OData-Isolation":"snapshot"}}"#
      let batch = try await facet.probe.request(
        "POST", "/beta/$batch", token: token, body: "\u{FEFF}{\"requests\":[\(part)]}")
      #expect(batch.text.contains(#""status":412"#), "\(batch.text)")
    }
  }

  @Test("Long metadata documents are compressed on request, for HEAD as for GET; personal data never is")
  func compression() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for path in ["/openapi.json", "/beta/$metadata"] {
        let plain = try await facet.probe.request("GET", path)
        let gzip = try await facet.probe.request("GET", path, headers: ["Accept-Encoding": "br;q=1.0, gzip;q=0.8"])
        let head = try await facet.probe.request("HEAD", path, headers: ["Accept-Encoding": "gzip"])
        #expect(plain.header("Content-Encoding") == nil && gzip.header("Content-Encoding") == "gzip")
        #expect(Array(gzip.body.prefix(2)) == [0x1F, 0x8B] && gzip.body.count * 5 < plain.body.count, "\(path)")
        for answer in [plain, gzip, head] { #expect(answer.header("Vary")?.contains("Accept-Encoding") == true) }
        for name in ["Content-Encoding", "Content-Length", "ETag", "Content-Type"] {
          #expect(gzip.header(name) == head.header(name), "\(path) \(name)")
        }
        let tag = try #require(gzip.header("ETag"))
        #expect(tag != plain.header("ETag"))
        let known = try await facet.probe.request(
          "GET", path, headers: ["Accept-Encoding": "gzip", "If-None-Match": tag])
        #expect(known.status == 304 && known.header("ETag") == tag)
      }
      for path in ["/beta/me", "/beta/me/profile", "/beta/users", "/beta/", "/metrics", Demo.phonePath] {
        let answer = try await facet.probe.request("GET", path, token: token, headers: ["Accept-Encoding": "gzip"])
        #expect(answer.header("Content-Encoding") == nil, "\(path)")
      }
    }
  }

  @Test("A byte order mark may precede any line of an import and the file of issuers")
  func byteOrderMarks() async throws {
    let data = try FacetProcess.temporaryFolder()
    let mark = "\u{FEFF}"
    let lines = #"{"user":{"id":"u1","displayName":"One"}}"# + "\n"
    let text = mark + lines + mark + lines.replacing("1", with: "2") + mark + "\r\n" + mark
    let imported = try await FacetProcess.run(["import", "--data", data.path], input: text)
    #expect(imported.status == 0, "\(imported.errors)")
    let exported = try await FacetProcess.run(["export", "--data", data.path]).output
    #expect(exported.contains(#""id":"u1""#) && exported.contains(#""id":"u2""#) && !exported.contains(mark))
    try FileManager.default.removeItem(at: data)
  }
}
