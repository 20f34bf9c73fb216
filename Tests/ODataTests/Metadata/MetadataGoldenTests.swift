import Fixtures
import Foundation
import OData
import Testing

@Suite("Golden metadata documents")
struct MetadataGoldenTests {
  @Test("The CSDL XML of a model with one of everything equals the golden file")
  func csdlXML() throws {
    try Self.expect(CSDLXML.document(DescribedModel.description), equals: "csdl.xml")
  }

  @Test("The CSDL JSON of a model with one of everything equals the golden file")
  func csdlJSON() throws {
    try Self.expect(CSDLJSON.document(DescribedModel.description).bytes(isIndented: true), equals: "csdl.json")
  }

  @Test("The OpenAPI document of a model and its operations equals the golden file")
  func openAPI() throws {
    let person = try #require(DescribedModel.model.type(named: "person"))
    let document = OpenAPIDocument(
      .init(title: "Test", version: "1", documentation: "A test."), of: DescribedModel.description,
      operations: Self.operations(on: person))
    try Self.expect(document.document.bytes(isIndented: true), equals: "openapi.json")
  }

  @Test("A service document lists the roots, with the service root as it was requested")
  func serviceDocument() {
    let document = ServiceDocument.document(of: DescribedModel.model, serviceRoot: "http://localhost/v1/")
    #expect(
      String(decoding: document, as: UTF8.self)
        == #"{"@odata.context":"http://localhost/v1/$metadata","value":["#
        + #"{"name":"people","kind":"EntitySet","url":"people"},"#
        + #"{"name":"self","kind":"Singleton","url":"self"}]}"#)
  }

  private static func expect(
    _ bytes: [UInt8], equals name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/\(name)")
    let difference = try Golden.difference(of: String(decoding: bytes, as: UTF8.self), from: file, filter: "Golden")
    #expect(difference == nil, sourceLocation: sourceLocation)
  }

  private static func operations(on person: StructuredType) -> [APIOperation] {
    let key = APIOperation.Parameter("id", in: .path, "The id.")
    let select = APIOperation.Parameter("$select", in: .query, values: ["id", "name"], isList: true, "What to show.")
    let missing = APIOperation.Refusal(404, ["NotThere"])
    let malformed = APIOperation.Refusal(400, ["Malformed"])
    return [
      APIOperation(
        .get, "/people", id: "people.get", tag: "people", "List people", documentation: "Needs nothing.",
        parameters: [select], body: nil, successes: [.init(200, .list(person))], refusals: [malformed],
        needsToken: false),
      APIOperation(
        .post, "/people", id: "people.post", tag: "people", "Make a person", documentation: "", parameters: [],
        body: .entity(person), successes: [.init(201, .entity(person), headers: ["Location"])],
        refusals: [APIOperation.Refusal(400, ["Malformed", "Unknown"]), APIOperation.Refusal(401, ["NoToken"])],
        needsToken: true),
      APIOperation(
        .delete, "/people/{id}", id: "people.id.delete", tag: "person", "Delete a person", documentation: "",
        parameters: [key], body: nil, successes: [.init(204, .nothing)], refusals: [missing], needsToken: true),
      APIOperation(
        .get, "/people/$count", id: "people.count.get", tag: "people", "Count people", documentation: "",
        parameters: [], body: nil, successes: [.init(200, .count)], refusals: [malformed], needsToken: true),
      APIOperation(
        .get, "/document", id: "document", tag: "metadata", "A document", documentation: "", parameters: [],
        body: nil, successes: [.init(200, .document(["application/xml", "application/json"]))], refusals: [],
        needsToken: false),
    ]
  }
}
