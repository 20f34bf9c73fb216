import Foundation
import HTTPProbe
import Testing

/// The published page that the service implements, byte for byte.
@Suite("The update page")
struct SeedPageTests {
  static let body = "{\n  \"allowedAudiences\": \"organization\",\n  \"type\": \"other\",\n}"

  /// The page's response from `id` on, up to the two stamps of this update.
  static let beforeStamps =
    #""id":"e13f7a4d-303c-464f-a6af-80ea18eb74f3","allowedAudiences":"organization","inference":null,"#
    + #""createdDateTime":"2020-07-06T06:34:12.2294868Z","createdBy":{"user":{"#
    + #""id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}},"lastModifiedDateTime":""#
  static let afterStamps =
    #","source":{"type":"User"},"displayName":"Car Phone","type":"other","number":"+7 499 234 56 78"}"#

  enum Form: CaseIterable {
    case me, user
  }

  @Test("The page's request gets the page's response, in both URL forms, for a person and for an application")
  func pageExample() async throws {
    for form in Form.allCases {
      for isApplication in [false, true] where !(isApplication && form == .me) {
        try await withFacet { facet in
          let token =
            isApplication
            ? try await facet.token(roles: "User.ReadWrite.All") : try await facet.token(user: Demo.innocentyName)
          let path = form == .me ? Demo.phonePath : "/beta/user/\(Demo.innocenty)/profile/phones/\(Demo.phone)"
          let answer = try await facet.probe.request("PATCH", path, token: token, body: Self.body)
          #expect(answer.status == 200)
          let text = answer.text
          let tag = try #require(answer.header("ETag"))
          let escaped = tag.replacing("\"", with: "\\\"")
          #expect(
            text.hasPrefix(
              #"{"@odata.context":"http://localhost/beta/$metadata#users('\#(Demo.innocenty)')/profile/phones/$entity","#
                + ##""@odata.type":"#microsoft.graph.itemPhone","@odata.etag":"\##(escaped)",""##))
          #expect(text.contains(Self.beforeStamps))
          #expect(text.hasSuffix(Self.afterStamps))
          let modifiedBy = try #require(answer.json["lastModifiedBy"] as? [String: [String: Any]])
          #expect(Array(modifiedBy.keys) == [isApplication ? "application" : "user"])
          #expect(isApplication || modifiedBy["user"]?["displayName"] as? String == "Innocenty Popov")
          let stamp = try #require(answer.json["lastModifiedDateTime"] as? String)
          #expect(stamp > "2026-01-01" && stamp.hasSuffix("Z"))
          #expect(tag.wholeMatch(of: /W\/"[A-Za-z0-9_-]{11}"/) != nil)
          let read = try await facet.probe.request("GET", path, token: token)
          #expect(read.text == text)
        }
      }
    }
  }
}
