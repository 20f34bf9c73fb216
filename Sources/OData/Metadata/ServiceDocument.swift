/// The list of what a service root offers (OData JSON 4.01 section 5).
public enum ServiceDocument {
  /// The document of a model under a service root that ends with a slash.
  public static func document(of model: EntityModel, serviceRoot: String) -> [UInt8] {
    let roots = model.roots.map { root -> DocumentNode in
      [
        "name": .string(root.name), "kind": root.isEntitySet ? "EntitySet" : "Singleton", "url": .string(root.name),
      ]
    }
    let document: DocumentNode = ["@odata.context": .string(serviceRoot + "$metadata"), "value": .array(roots)]
    return document.bytes()
  }
}
