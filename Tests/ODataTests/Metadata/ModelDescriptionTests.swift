import Foundation
import OData
import Testing

@Suite("Model descriptions")
struct ModelDescriptionTests {
  @Test("No document shows a type that only a hidden navigation property leads to")
  func hiding() throws {
    let description = ModelDescription(
      of: DescribedModel.model, containerName: "Container", hidingNavigation: ["home"])
    #expect(description.structuredTypes.map(\.name) == ["entity", "person", "place"])
    #expect(description.enumTypes.map(\.name) == ["audience", "kind"])
    let openAPI = OpenAPIDocument(
      .init(title: "", version: "", documentation: ""), of: description, operations: [])
    let documents = [
      CSDLXML.document(description), CSDLJSON.document(description).bytes(), openAPI.document.bytes(),
    ]
    for document in documents {
      let text = String(decoding: document, as: UTF8.self)
      #expect(text.contains("person"))
      for hidden in ["home", "pet", "fur"] { #expect(!text.contains("\"\(hidden)\"")) }
    }
  }

  @Test("A document reads back as the same JSON, indented or not")
  func nodes() throws {
    let node: DocumentNode = [
      "text": "a \"b\"\n", "list": [1, true, .null, []], "empty": .object([]), "inner": ["x": .int(-3)],
    ]
    let plain = try JSONSerialization.jsonObject(with: Data(node.bytes())) as? NSDictionary
    let indented = try JSONSerialization.jsonObject(with: Data(node.bytes(isIndented: true))) as? NSDictionary
    #expect(plain != nil && plain == indented)
    #expect(
      String(decoding: node.bytes(), as: UTF8.self)
        == #"{"text":"a \"b\"\n","list":[1,true,null,[]],"empty":{},"inner":{"x":-3}}"#)
  }
}
