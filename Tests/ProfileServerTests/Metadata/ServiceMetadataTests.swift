import Foundation
import NIOCore
import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("Responses with metadata")
struct ServiceMetadataTests {
  private let metadata = ServiceMetadata.current

  private func request(
    _ target: String, _ headers: RequestFields = [:], method: HTTPMethod = .GET
  ) -> GraphRequest {
    GraphRequest(method: method, target: target, headers: headers, body: nil, origin: "http://localhost:1")
  }

  private func answer(_ target: String, _ headers: RequestFields = [:]) throws -> GraphResponse {
    try #require(try answer(to: request(target, headers)))
  }

  /// The response to a request for a document; nil for any other request.
  private func answer(to request: GraphRequest) throws -> GraphResponse? {
    guard case .document(let version, let document) = try ServiceEndpoint(request) else { return nil }
    return try metadata.response(to: request, version, document)
  }

  private func text(_ response: GraphResponse) -> String {
    if case .bytes(let bytes) = response.body { String(buffer: bytes) } else { "" }
  }

  @Test(
    "A path of no document is not handled here",
    arguments: ["/beta/me", "/beta/$metadata/x", "/beta/me/$metadata", "/", "/openapi.json", "/v2.0/$metadata"])
  func otherPaths(path: String) throws {
    #expect(try answer(to: request(path)) == nil)
  }

  @Test(
    "Every spelling of the path finds the document",
    arguments: ["/beta/$metadata", "//BETA//$Metadata/", "/beta/%24metadata", "/v1.0/$metadata//"])
  func paths(path: String) throws {
    #expect(text(try answer(path)).hasPrefix("<?xml"))
  }

  @Test(
    "Accept decides the format, and XML is the default",
    arguments: [
      ("", true), ("*/*", true), ("application/json", false), ("application/xml", true),
      ("application/json;odata.metadata=minimal", false), ("application/json, */*", false),
      ("application/json;q=0.5, application/xml", true), ("application/xml;q=0.5, application/json", false),
      ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", true), ("text/plain", true),
      ("application/*", true), ("application/xml;q=0, */*", false),
      ("application/xml;q=nan, application/json;q=0.1", false), (#"text/x;a=", application/json""#, true),
    ])
  func accept(header: String, isXML: Bool) throws {
    let response = try answer("/beta/$metadata", header.isEmpty ? [:] : ["Accept": header])
    #expect(response.headers[.contentType] == (isXML ? "application/xml" : "application/json"))
    #expect(response.headers[.vary] == "Accept, Accept-Encoding")
    #expect(text(response).hasPrefix(isXML ? "<" : "{"))
  }

  @Test("$format overrides Accept, and any other option is refused")
  func format() throws {
    let accept: RequestFields = ["Accept": "application/xml"]
    #expect(text(try answer("/beta/$metadata?$format=json", accept)).hasPrefix("{"))
    #expect(
      text(try answer("/beta/$metadata?%24format=application%2Fxml", ["Accept": "application/json"])).hasPrefix("<"))
    #expect(text(try answer("/beta/$metadata?custom=1")).hasPrefix("<"))
    for query in ["$format=atom", "$format", "$select=id", "format="] {
      let error = try #require(throws: GraphError.self) { try answer("/beta/$metadata?\(query)") }
      #expect(error.status == .badRequest)
    }
    #expect(throws: GraphError.self) { try answer("/beta/?$format=xml") }
  }

  @Test("The service document contains the origin that the client used", arguments: ["beta", "v1.0"])
  func serviceDocument(version: String) throws {
    for path in ["/\(version)", "/\(version)/"] {
      let response = try answer(path)
      #expect(response.headers[.contentType] == GraphResponse.jsonContentType)
      #expect(text(response).hasPrefix("{\"@odata.context\":\"http://localhost:1/\(version)/$metadata\","))
    }
  }

  @Test("A service document without control information has no context, and says so in its media type")
  func bareServiceDocument() throws {
    let none = "application/json;odata.metadata=none"
    for answer in [
      try answer("/beta/", ["Accept": none]), try answer("/beta/?$format=application/json;odata.metadata=none"),
    ] {
      #expect(text(answer).hasPrefix(#"{"value":[{"name":"users","#))
      #expect(answer.headers[.contentType]?.hasPrefix(none) == true)
    }
    let names = text(try answer("/beta/", ["Accept": "application/*"]))
    #expect(names.contains("odata.context") && !names.contains("directoryObjects"))
    for headers in [["Accept": "application/xml"], ["Accept-Charset": "utf-16"], ["OData-MaxVersion": "3.0"]] {
      let error = #expect(throws: GraphError.self) { try answer("/v1.0", RequestFields(HTTPHeaders(Array(headers)))) }
      #expect(error?.status == (headers["OData-MaxVersion"] == nil ? .notAcceptable : .badRequest))
    }
  }

  @Test("A document is compressed on request, has an entity tag for each coding, and is never compressed in a batch")
  func compressed() throws {
    let plain = try answer("/beta/$metadata")
    let gzip = try answer("/beta/$metadata", ["Accept-Encoding": "gzip"])
    #expect(plain.headers[.contentEncoding] == nil && gzip.headers[.contentEncoding] == "gzip")
    #expect(plain.headers[.entityTag] != gzip.headers[.entityTag])
    let inflater = BodyInflater(.gzip)
    var inflated: ByteBuffer?
    guard case .bytes(let bytes) = gzip.body, case .bytes(let original) = plain.body else {
      Issue.record("a document is a complete body")
      return
    }
    try inflater.inflate(bytes, into: &inflated)
    try inflater.finish()
    #expect(inflated == original && bytes.readableBytes * 4 < original.readableBytes)
    let tag = try #require(gzip.headers[.entityTag])
    #expect(try answer("/beta/$metadata", ["Accept-Encoding": "gzip", "If-None-Match": tag]).status == .notModified)
    #expect(try answer("/beta/$metadata", ["If-None-Match": tag]).status == .ok)
    let part = GraphRequest(
      method: .GET, target: "/beta/$metadata", headers: ["Accept-Encoding": "gzip"], body: nil, origin: "http://a",
      isBatchPart: true)
    #expect(try answer(to: part)?.headers[.contentEncoding] == nil)
    #expect(try answer("/beta/", ["Accept-Encoding": "gzip"]).headers[.contentEncoding] == nil)
    #expect(GzipCoding.compress([]) == nil && GzipCoding.compress([1, 2, 3]) == nil)
  }

  @Test(
    "The declared conformance level is minimal, though casts are supported where objects of several types are listed")
  func conformance() throws {
    let document = text(try answer("/beta/$metadata"))
    #expect(
      document.contains(#"Term="Capabilities.ConformanceLevel" EnumMember="Capabilities.ConformanceLevelType/Minimal""#)
    )
    for (path, isOffered) in [
      ("/beta/groups/a/members/microsoft.graph.user", true),
      ("/beta/groups/a/members/Microsoft.Graph.Group/$count", true),
      ("/beta/groups/a/members/microsoft.graph.profile", true), ("/beta/users/microsoft.graph.user", false),
      ("/beta/me/profile/phones/microsoft.graph.itemPhone/a", false),
    ] {
      let requested = try? RequestedResource(path: Array(path.utf8))
      #expect((requested?.resource != nil) == isOffered, "\(path)")
    }
    // What is no type of directory objects is the id of a member.
    let member = try RequestedResource(path: Array("/beta/groups/a/members/microsoft.graph.profile".utf8))
    #expect(member.resource?.template.text == "/groups/{group-id}/members/{member-id}")
  }

  @Test("The entity set of references and contexts is declared, with its navigation bindings")
  func directoryObjects() throws {
    for version in ["beta", "v1.0"] {
      let document = text(try answer("/\(version)/$metadata"))
      let set = #"<EntitySet Name="directoryObjects" EntityType="microsoft.graph.directoryObject" "#
      #expect(document.contains(set + #"IncludeInServiceDocument="false"/>"#))
      #expect(document.contains(#"<NavigationPropertyBinding Path="members" Target="directoryObjects"/>"#))
      #expect(document.components(separatedBy: #"Path="memberOf" Target="directoryObjects""#).count == 4)
      let action = #"<Action Name="getMemberGroups" IsBound="true"><Parameter Name="bindingParameter" "#
      #expect(document.replacing(/\n */, with: "").contains(action + #"Type="microsoft.graph.directoryObject""#))
    }
  }

  @Test("Only GET and HEAD are allowed, and 405 says so")
  func methods() throws {
    let error = try #require(throws: GraphError.self) { try answer(to: request("/beta/$metadata", method: .PATCH)) }
    #expect(error.status == .methodNotAllowed && error.headers[.allow] == "GET, HEAD")
    #expect(try answer(to: request("/beta/$metadata", method: .HEAD))?.status == .ok)
  }

  @Test(
    "A path or query that is not percent-encoded correctly is refused",
    arguments: [
      "/beta/%zz", "/beta/%", "/beta/me%00", "/beta/%c0%af", "/beta/me%0d%0aX:y", "/v1.0/%ff", "/beta/%7f",
      "/beta/%ed%a0%80", "//BETA//%2", "/beta?%zz=1", "/beta/$metadata?%c0%80=1", "/beta?$format=%zz",
      "/beta/$metadata?$format=%zz",
    ])
  func unreadable(target: String) {
    let error = #expect(throws: GraphError.self) { try answer(target) }
    #expect(error?.status == .badRequest)
  }

  @Test("A malformed list of entity tags is refused, and an entity tag is compared whole")
  func conditions() throws {
    let tag = try #require(try answer("/beta/$metadata").headers[.entityTag])
    for (field, status) in [
      ("\"a\",\(tag),", 304), ("W/\(tag)", 304), ("*", 304), ("\"x\(tag.dropFirst())", 200), (",", 400), ("\"", 400),
      ("\"a, \(tag)", 400),
    ] {
      guard status == 400 else {
        #expect(try answer("/beta/$metadata", ["If-None-Match": field]).status.code == status, "\(field)")
        continue
      }
      #expect(throws: GraphError.malformedEntityTag, "\(field)") {
        try answer("/beta/$metadata", ["If-None-Match": field])
      }
    }
  }

  @Test("A current document is not sent again")
  func notModified() throws {
    let tag = try #require(try answer("/beta/$metadata").headers[.entityTag])
    #expect(tag != (try answer("/v1.0/$metadata").headers[.entityTag]))
    for known in [tag, "\"other\", \(tag)", "*", "W/\(tag)"] {
      let response = try answer("/beta/$metadata", ["If-None-Match": known])
      #expect(response.status == .notModified && text(response).isEmpty)
    }
    #expect(try answer("/beta/$metadata", ["If-None-Match": "\"other\""]).status == .ok)
  }

  @Test("Metadata of /beta has every type of the model, and that of /v1.0 none of a profile")
  func completeness() throws {
    let beta = text(try answer("/beta/$metadata"))
    let v1 = text(try answer("/v1.0/$metadata"))
    for type in ProfileModel.model.structuredTypes {
      #expect(beta.contains("Type Name=\"\(type.name)\""), "\(type.name) is missing")
      for property in type.properties { #expect(beta.contains("Property Name=\"\(property.name)\"")) }
    }
    for type in ProfileModel.model.enumTypes { #expect(beta.contains("<EnumType Name=\"\(type.name)\"")) }
    for name in ["user", "directoryObject", "entity"] { #expect(v1.contains("<EntityType Name=\"\(name)\"")) }
    for name in ["profile", "itemFacet", "itemPhone"] { #expect(!v1.contains("\"\(name)\"")) }
  }
}
