/// The list of what a service root offers (OData JSON 4.01 section 5).
public enum ServiceDocument {
  /// The document of a model under a service root that ends with a slash; `hasContext` unless the client wants no control
  /// information (OData JSON 4.01 section 3.1.3).
  public static func document(of model: EntityModel, serviceRoot: String, hasContext: Bool = true) -> [UInt8] {
    let roots = model.roots.filter(\.isListed).map { root -> DocumentNode in
      [
        "name": .string(root.name), "kind": root.isEntitySet ? "EntitySet" : "Singleton", "url": .string(root.name),
      ]
    }
    let value: DocumentNode = ["value": .array(roots)]
    guard hasContext else { return value.bytes() }
    let document: DocumentNode = ["@odata.context": .string(serviceRoot + "$metadata"), "value": .array(roots)]
    return document.bytes()
  }
}
