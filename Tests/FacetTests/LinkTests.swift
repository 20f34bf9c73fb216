import Foundation
import HTTPProbe
import Testing

/// Which changes to a link to the next page are accepted.
@Suite("Links to pages")
struct LinkTests {
  @Test("A link is bound to its query: changing, adding or removing an option makes it 400")
  func queries() async throws {
    try await withFacet { facet in
      let token = try await Self.fill(facet)
      let phones = "/beta/me/profile/phones"
      let query = "$top=3&$select=id,number&$filter=number%20ne%20@p&$orderby=number&$count=true&@p='x'"
      let link = try await Self.link(facet, "\(phones)?\(query)", token)
      #expect(try await facet.probe.request("GET", link, token: token).status == 200)
      for (old, new) in [
        ("$top=3", "$top=4"), ("$top=3", "$top=999"), ("$top=3", "$top=03"), ("$top=3", "$top=0"), ("$top=3&", ""),
        ("$select=id,number", "$select=number"), ("$select=id,number&", ""), ("ne%20@p", "eq%20@p"),
        ("$orderby=number", "$orderby=number%20desc"), ("&$count=true", ""), ("$count=true", "$count=false"),
        ("@p='x'", "@p='y'"), ("$top=3", "$top=3&$skip=1"), ("$top=3", "$top=3&$skip=0"),
        ("$top=3", "$top=3&$format=json"), ("$top=3", "$top=3&$search=a"),
        (phones, "/beta/users/\(Demo.innocenty)/profile/phones"),
      ] {
        try #require(link.contains(old), "\(old)")
        let answer = try await facet.probe.request("GET", link.replacing(old, with: new), token: token)
        #expect(answer.status == 400 && answer.errorMessage?.contains("$skiptoken") == true, "\(old) -> \(new)")
      }
    }
  }

  @Test("The order and spelling of options, and ignored options, may change")
  func spellings() async throws {
    try await withFacet { facet in
      let token = try await Self.fill(facet)
      let link = try await Self.link(facet, "/beta/me/profile/phones?$top=3&$orderby=number&x=1", token)
      let expected = try await facet.probe.request("GET", link, token: token)
      let parts = try #require(link.split(separator: "?").last).split(separator: "&").map(String.init)
      for query in [
        parts.reversed().joined(separator: "&"), parts.filter { $0 != "x=1" }.joined(separator: "&"),
        parts.joined(separator: "&").replacing("$", with: "%24").replacing("top", with: "TOP"),
        parts.joined(separator: "&").replacing("$", with: ""),
      ] {
        let answer = try await facet.probe.request("GET", "/beta/me/profile/phones?\(query)", token: token)
        #expect(answer.status == 200, "\(query) \(answer.text)")
        #expect(Self.ids(answer) == Self.ids(expected))
      }
    }
  }

  @Test("A preference may make the following pages smaller, but never larger than the link says")
  func preferences() async throws {
    try await withFacet { facet in
      let token = try await Self.fill(facet)
      let link = try await Self.link(facet, "/beta/me/profile/phones?$top=3", token)
      for (size, expected) in [(2, 2), (3, 3), (500, 3)] {
        let answer = try await facet.probe.request(
          "GET", link, token: token, headers: ["Prefer": "odata.maxpagesize=\(size)"])
        #expect(Self.ids(answer).count == expected)
      }
    }
  }

  @Test("A link to the rest of an expansion is bound to the options of the expansion")
  func expansions() async throws {
    try await withFacet { facet in
      let token = try await Self.fill(facet)
      let profile = try await facet.probe.request(
        "GET", "/beta/me/profile?$expand=phones($top=2;$select=number;$orderby=number)&$format=json", token: token)
      let url = try #require((profile.json["phones@odata.nextLink"] as? String).flatMap { URL(string: $0) })
      let link = "\(url.path)?\(url.query(percentEncoded: false) ?? "")".replacing(" ", with: "%20")
      #expect(try await facet.probe.request("GET", link, token: token).status == 200)
      for (old, new) in [("$top=2", "$top=3"), ("$select=number", "$select=id"), ("$orderby=number", "$orderby=type")] {
        try #require(link.contains(old), "\(link)")
        #expect(
          try await facet.probe.request("GET", link.replacing(old, with: new), token: token).status == 400, "\(old)")
      }
    }
  }

  /// Adds a few phones and returns a token of their owner.
  private static func fill(_ facet: FacetProcess) async throws -> String {
    let token = try await facet.token(user: Demo.innocentyName)
    for number in 0..<12 {
      let body = #"{"number":"\#(number)"}"#
      let made = try await facet.probe.request("POST", "/beta/me/profile/phones", token: token, body: body)
      #expect(made.status == 201)
    }
    return token
  }

  /// The link to the second page, as path and query.
  private static func link(_ facet: FacetProcess, _ target: String, _ token: String) async throws -> String {
    let page = try await facet.probe.request("GET", target, token: token)
    let url = try #require((page.json["@odata.nextLink"] as? String).flatMap { URL(string: $0) }, "\(page.text)")
    return "\(url.path)?\(url.query() ?? "")"
  }

  private static func ids(_ answer: HTTPAnswer) -> [String] {
    (answer.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
  }
}
