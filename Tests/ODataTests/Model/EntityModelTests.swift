import OData
import Testing

@Suite("EntityModel")
struct EntityModelTests {
  private func fault(
    enums: [EnumTypeDeclaration] = [], _ types: [StructuredTypeDeclaration], roots: [RootDeclaration] = []
  ) -> EntityModel.DeclarationError? {
    do throws(EntityModel.DeclarationError) {
      _ = try EntityModel(namespace: "n", enums: enums, types: types, roots: roots)
      return nil
    } catch {
      return error
    }
  }

  @Test("Each kind of wrong declaration is refused with the name at fault")
  func refusals() {
    #expect(fault([.complex("a", "", [.named("nosuch", "x", "")])]) == .unknownType("nosuch"))
    #expect(fault([.complex("a", "", []), .complex("a", "", [])]) == .duplicateType("a"))
    #expect(fault(enums: [TestModel.kind], [.complex("kind", "", [])]) == .duplicateType("kind"))
    #expect(fault(enums: [TestModel.kind, TestModel.kind], []) == .duplicateType("kind"))
    #expect(fault([.complex("a", "", [.named("a", "x", "")])]) == .circularType("a"))
    #expect(fault([], roots: [.singleton("me", of: "nosuch")]) == .unknownType("nosuch"))
    let many = (0..<129).map { PropertyDeclaration.string("p\($0)", "") }
    #expect(fault([.complex("a", "", many)]) == .tooManyProperties("a"))
    #expect(fault([.complex("a", "", many.dropLast())]) == nil)
  }

  @Test("Inherited properties come first, each at its own index")
  func inheritance() throws {
    let model = try EntityModel(
      namespace: "n", enums: [],
      types: [.entity("b", base: "a", "", [.string("y", "")]), .entity("a", base: nil, "", [.string("x", "")])],
      roots: [])
    let type = try #require(model.type(named: "b"))
    #expect(type.properties.map(\.name) == ["x", "y"])
    #expect(type.properties.map(\.index) == [0, 1])
    #expect(type.qualifiedName == "n.b")
  }
}
