import Foundation
import HTTPProbe
import OData
import ProfileServer
import Profiles
import Testing

/// Photos of people and groups, as clients see them.
@Suite("Photos")
struct PhotoTests {
  private static let photo = "/v1.0/me/photo"

  @Test("A photo is set, read in its sizes, revalidated and deleted")
  func life() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      try await Self.expectNone(facet, token)
      let put = try await facet.probe.send(
        "PUT", Self.photo + "/$value", token: token, headers: ["Content-Type": "image/png"],
        bytes: PNGSample.file(500, 400))
      #expect(put.status == 200 && put.body.isEmpty, "\(put.text)")
      let tag = try #require(put.header("ETag"))
      let metadata = try await facet.probe.request("GET", Self.photo, token: token)
      #expect(metadata.json["id"] as? String == "360x360" && metadata.json["width"] as? Int == 360)
      #expect(metadata.json["@odata.mediaContentType"] as? String == "image/jpeg")
      #expect(metadata.json["@odata.mediaEtag"] as? String == tag && metadata.header("ETag") == tag)
      #expect(metadata.json["allowedAudiences"] as? String == "organization")
      #expect(
        (metadata.json["@odata.context"] as? String)?.hasSuffix("$metadata#users('\(Demo.innocenty)')/photo/$entity")
          == true)
      let list = try await facet.probe.request("GET", "/beta/users/\(Demo.innocenty)/photos", token: token)
      let sizes = (list.json["value"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
      #expect(sizes == ["48x48", "64x64", "96x96", "120x120", "240x240", "360x360"])
      for (asked, side) in [("", 360), ("s/648x648", 360), ("s/240x240", 240), ("s/239x239", 120), ("s/48x48", 48)] {
        let image = try await facet.probe.request("GET", "\(Self.photo)\(asked)/$value", token: token)
        #expect(image.status == 200 && image.header("Content-Type") == "image/jpeg", "\(asked): \(image.text)")
        #expect(Self.side(of: image.body) == side, "\(asked)")
        #expect(image.header("X-Content-Type-Options") == "nosniff")
        #expect(image.header("Content-Security-Policy") == "sandbox")
        #expect(image.header("Cache-Control") == "private" && image.header("ETag") == tag)
        let again = try await facet.probe.request(
          "GET", "\(Self.photo)\(asked)/$value", token: token, headers: ["If-None-Match": tag])
        #expect(again.status == 304 && again.body.isEmpty)
      }
      #expect(try await facet.probe.request("GET", Self.photo + "s/47x47/$value", token: token).status == 404)
      #expect(try await facet.probe.request("GET", Self.photo + "s/large/$value", token: token).status == 400)
      let stale = try await facet.probe.request(
        "DELETE", Self.photo + "/$value", token: token, headers: ["If-Match": "W/\"AAAAAAAAABA\""])
      #expect(stale.status == 412)
      #expect(try await facet.probe.request("DELETE", Self.photo + "/$value", token: token).status == 204)
      #expect(try await facet.probe.request("DELETE", Self.photo, token: token).status == 404)
      try await Self.expectNone(facet, token)
    }
  }

  /// What is answered where there is no photo.
  private static func expectNone(_ facet: FacetProcess, _ token: String) async throws {
    for path in ["/photo/$value", "/photos/48x48", "/photos/48x48/$value"] {
      for version in ["beta", "v1.0"] {
        let answer = try await facet.probe.request("GET", "/\(version)/me\(path)", token: token)
        #expect(answer.status == 404 && answer.errorCode == "ImageNotFound", "\(path): \(answer.text)")
      }
    }
    #expect(try await facet.probe.request("GET", "/beta/me/photo", token: token).errorCode == "ImageNotFound")
    let placeholder = try await facet.probe.request("GET", "/v1.0/me/photo", token: token)
    #expect(placeholder.status == 200 && placeholder.json["id"] as? String == "1x1")
    let list = try await facet.probe.request("GET", "/v1.0/me/photos", token: token)
    #expect(list.status == 200 && (list.json["value"] as? [Any])?.isEmpty == true)
  }

  /// The side of a square JPEG, as its frame says; nil for anything else.
  private static func side(of jpeg: [UInt8]) -> Int? {
    var place = 2
    while place + 9 < jpeg.count, jpeg[place] == 0xFF {
      if jpeg[place + 1] == 0xC0 { return Int(jpeg[place + 5]) << 8 | Int(jpeg[place + 6]) }
      place += 2 + Int(jpeg[place + 2]) << 8 + Int(jpeg[place + 3])
    }
    return nil
  }

  @Test("What a camera noted does not survive, and the bytes decide what an image is")
  func anew() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      func put(_ bytes: [UInt8], _ type: String = "image/jpeg", _ method: String = "PUT") async throws -> HTTPAnswer {
        try await facet.probe.send(
          method, Self.photo + "/$value", token: token, headers: ["Content-Type": type], bytes: bytes)
      }
      // A PNG under a wrong name, then the JPEG that it became, with notes of a camera, and behind its end a page.
      #expect(try await put(PNGSample.file(100, 100)).status == 200)
      let jpeg = try await facet.probe.request("GET", Self.photo + "/$value", token: token).body
      let notes = Array("Exif\0\0MM\0*\0\0\0\u{8}\0\0canary N 59.437".utf8)
      let noted = Array(jpeg.prefix(2)) + [0xFF, 0xE1, 0, UInt8(notes.count + 2)] + notes + jpeg.dropFirst(2)
      let page = Array("<script>canary</script>".utf8)
      for type in ["application/octet-stream", "text/html", "application/json"] {
        #expect(try await put(noted + page, type, "PATCH").status == 200, "\(type)")
        let stored = try await facet.probe.request("GET", Self.photo + "/$value", token: token).body
        #expect(Self.side(of: stored) == 96 && !String(decoding: stored, as: UTF8.self).contains("canary"))
      }
      let before = try await facet.probe.request("GET", Self.photo + "/$value", token: token)
      for bytes in [
        page, Array("GIF89a".utf8), [0xFF, 0xD8, 0xFF], Array(jpeg.prefix(jpeg.count / 2)),
        Array(PNGSample.file(64, 64).dropLast(40)), PNGSample.promising(64, 64), PNGSample.file(47, 600),
        PNGSample.promising(48, Limits.photoPixelsMax / 48 + 1),
      ] {
        let answer = try await put(bytes, "image/png")
        #expect(answer.status == 400 && answer.errorCode == "BadRequest", "\(bytes.prefix(8)): \(answer.text)")
      }
      #expect(try await put([]).status == 400)
      let after = try await facet.probe.request("GET", Self.photo + "/$value", token: token)
      #expect(after.body == before.body && after.header("ETag") == before.header("ETag"))
    }
  }

  @Test("An image may be as long as its bound, and only where photos are set")
  func bounds() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let longest = PNGSample.file(48, 48, bytes: Limits.photoImageBytesMax)
      #expect(longest.count == Limits.photoImageBytesMax)
      for path in ["/v1.0/me/photo/$value", "//BETA/me/Photo/%24value/"] {
        #expect(try await facet.probe.send("PUT", path, token: token, bytes: longest).status == 200, "\(path)")
        let tooLong = try await facet.probe.send("PUT", path, token: token, bytes: longest + [0])
        #expect(tooLong.status == 413 && tooLong.errorMessage?.contains("\(Limits.photoImageBytesMax)") == true)
      }
      let json = ["Content-Type": "application/json"]
      let long = [UInt8](repeating: 0x20, count: Limits.bodyBytesMax + 1)
      for (method, path) in [
        ("POST", "/v1.0/me/photo/$value"), ("PATCH", "/v1.0/me/photo"), ("PUT", "/v1.0/me/photos/48x48/$value?photo"),
        ("PATCH", Demo.phonePath), ("PATCH", "/beta/me/displayName/$value"),
      ] {
        let answer = try await facet.probe.send(method, path, token: token, headers: json, bytes: long)
        #expect(answer.status == 413, "\(method) \(path)")
      }
      // Without a token nothing long is read.
      let anonymous = try await facet.probe.send("PUT", "/v1.0/me/photo/$value", token: "x", bytes: longest)
      #expect(anonymous.status == 401)
    }
  }

  @Test("A photo is shown to its audience, and a batch, an export and the audit log have it")
  func audience() async throws {
    try await withFacet { facet in
      let owner = try await facet.token(user: Demo.innocentyName)
      let colleague = try await facet.token(user: Demo.amara, scopes: "ProfilePhoto.Read.All")
      let path = "/v1.0/users/\(Demo.innocenty)/photo"
      let text = Data(PNGSample.file(64, 64)).base64EncodedString()
      let batch = try await facet.probe.request(
        "POST", "/v1.0/$batch", token: owner,
        body: #"{"requests":[{"id":"1","method":"PUT","url":"/me/photo/$value","headers":{"Content-Type":"image/png"},"#
          + #""body":"\#(text)"},{"id":"2","method":"GET","url":"/me/photo/$value","dependsOn":["1"]}]}"#)
      let parts = batch.json["responses"] as? [[String: Any]]
      #expect(parts?.compactMap { $0["status"] as? Int } == [200, 200], "\(batch.text)")
      let image = (parts?.last?["body"] as? String).flatMap { Data(base64Encoded: $0) }
      let read = try await facet.probe.request("GET", path + "/$value", token: colleague)
      #expect(read.status == 200 && image.map { Array($0) } == read.body)
      let hide = try await facet.probe.request("PATCH", path, token: owner, body: #"{"allowedAudiences":"me"}"#)
      #expect(hide.status == 200 && hide.json["allowedAudiences"] as? String == "me", "\(hide.text)")
      #expect(try await facet.probe.request("GET", path + "/$value", token: colleague).errorCode == "ImageNotFound")
      let write = try await facet.probe.send("PUT", path + "/$value", token: colleague, bytes: PNGSample.file(48, 48))
      #expect(write.status == 403 && write.errorMessage?.contains("ProfilePhoto.ReadWrite.All") == true)
      let log = try await facet.probe.request(
        "GET",
        "/beta/me/profile/changes?$filter=collection eq 'photo'"
          .replacing(" ", with: "%20"), token: owner)
      let rows = (log.json["value"] as? [[String: Any]])?.compactMap { $0["kind"] as? String }
      #expect(rows == ["updated", "created"], "\(log.text)")
      let export = try await FacetProcess.run(["export", "--data", facet.data.path, "--user", Demo.innocenty])
      #expect(export.output.contains(#""collection":"photo","item":{"id":"photo","allowedAudiences":"me""#))
    }
  }

  @Test("Groups have photos, which administrators and applications set")
  func groups() async throws {
    try await withFacet { facet in
      let application = try await facet.token(roles: "Group.ReadWrite.All")
      let made = try await facet.probe.request(
        "POST", "/v1.0/groups", token: application, body: #"{"displayName":"Crew"}"#)
      let path = "/v1.0/groups/\(try #require(made.json["id"] as? String))/photo"
      let reader = try await facet.token(user: Demo.amara, scopes: "Group.Read.All")
      #expect(try await facet.probe.request("GET", path, token: reader).json["id"] as? String == "1x1")
      for (token, status) in [(reader, 403), (application, 200)] {
        let put = try await facet.probe.send("PUT", path + "/$value", token: token, bytes: PNGSample.file(64, 64))
        #expect(put.status == status, "\(put.text)")
      }
      let image = try await facet.probe.request("GET", path + "/$value", token: reader)
      #expect(image.status == 200 && Self.side(of: image.body) == 64)
      let metadata = try await facet.probe.request("GET", path, token: reader)
      #expect(metadata.json["id"] as? String == "64x64" && metadata.json["allowedAudiences"] == nil)
      #expect(try await facet.probe.request("PATCH", path, token: application, body: "{}").status == 405)
      #expect(try await facet.probe.request("DELETE", path, token: application).status == 204)
      #expect(try await facet.probe.request("DELETE", path, token: application).errorCode == "ImageNotFound")
      #expect(try await facet.probe.request("GET", "/v1.0/groups/x/photo", token: reader).status == 404)
    }
  }

  @Test("The process that decodes images ends with the status of what it cannot read, and says nothing")
  func child() async throws {
    for (input, status) in [("", 65), ("no image", 65)] {
      let result = try await FacetProcess.run(["encode-photo"], input: input)
      #expect(result.status == status && result.output.isEmpty && result.errors.isEmpty, "\(input): \(result)")
    }
  }
}
