import OData
import Testing

@Suite("Actions in metadata")
struct ActionMetadataTests {
  private static func description() throws -> ModelDescription {
    let model = try EntityModel(
      namespace: "n", enums: [], types: [.entity("thing", base: nil, "", [.string("id", "").nonNullable.traits(.key)])],
      roots: [.entitySet("things", of: "thing")],
      actions: [
        .init(
          "sort", ofSet: true, boundTo: "thing", ["by": .primitive(.string), "up": .primitive(.boolean)],
          returns: .entities("n.thing")),
        .init("check", boundTo: "thing", ["ids": .collection(.string)], returns: .collection(.string)),
        .init("drop", boundTo: "thing", [:], returns: nil),
      ])
    return ModelDescription(of: model, containerName: "Container")
  }

  @Test("In XML, with what each is bound to, takes and returns")
  func xml() throws {
    let indented = String(decoding: CSDLXML.document(try Self.description()), as: UTF8.self)
    let text = indented.replacing(/\n */, with: "")
    for wanted in [
      #"<Action Name="sort" IsBound="true"><Parameter Name="bindingParameter" Type="Collection(n.thing)" "#
        + #"Nullable="false"/><Parameter Name="by" Type="Edm.String"/><Parameter Name="up" Type="Edm.Boolean"/>"#
        + #"<ReturnType Type="Collection(n.thing)"/></Action>"#,
      #"<Parameter Name="ids" Type="Collection(Edm.String)" Nullable="false"/>"#
        + #"<ReturnType Type="Collection(Edm.String)" Nullable="false"/></Action>"#,
      #"<Action Name="drop" IsBound="true"><Parameter Name="bindingParameter" Type="n.thing" Nullable="false"/></Action>"#,
    ] {
      #expect(text.contains(wanted), "\(wanted) is not in \(text)")
    }
  }

  @Test("In JSON, the same")
  func json() throws {
    let text = String(decoding: CSDLJSON.document(try Self.description()).bytes(), as: UTF8.self)
    for wanted in [
      #""sort":[{"$Kind":"Action","$IsBound":true,"$Parameter":[{"$Name":"bindingParameter","$Collection":true,"#
        + #""$Type":"n.thing"},{"$Name":"by","$Nullable":true},{"$Name":"up","$Type":"Edm.Boolean","$Nullable":true}],"#
        + #""$ReturnType":{"$Collection":true,"$Type":"n.thing"}}]"#,
      #""$Parameter":[{"$Name":"bindingParameter","$Type":"n.thing"},{"$Name":"ids","$Collection":true}],"#
        + #""$ReturnType":{"$Collection":true}}]"#,
      #""drop":[{"$Kind":"Action","$IsBound":true,"$Parameter":[{"$Name":"bindingParameter","$Type":"n.thing"}]}]"#,
    ] {
      #expect(text.contains(wanted), "\(wanted) is not in \(text)")
    }
  }
}
