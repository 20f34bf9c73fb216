/// Writes the service document: the entity sets and singletons at a service root (OData JSON 4.01 section 5).
public enum ServiceDocument {
  /// The service document of a model. `serviceRoot` is the URL of the service root and ends with a slash; `hasContext`
  /// is false for a client that asks for no control information (`odata.metadata=none`, OData JSON 4.01 section 3.1.3).
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
