/// A vocabulary of terms that annotations use (OData CSDL 4.01 section 3.2).
public struct Vocabulary: Sendable {
  /// Where the vocabulary is published, without the extension that tells XML from JSON.
  let location: String
  let namespace: String
  /// How terms name it.
  let alias: String

  /// A vocabulary that terms name by `alias`.
  public init(at location: String, namespace: String, alias: String) {
    self.location = location
    self.namespace = namespace
    self.alias = alias
  }

  /// The vocabulary of OData itself.
  public static let core = Vocabulary(
    at: "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Core.V1",
    namespace: "Org.OData.Core.V1", alias: "Core")
}

/// Something that metadata says of a model element beyond its declaration (OData CSDL 4.01 section 14).
public struct Annotation: Sendable {
  /// The constant expressions that are needed so far.
  public indirect enum Value: Sendable {
    case bool(Bool)
    case string(String)
    /// A member of an enumeration type, named with the alias of its vocabulary.
    case member(type: String, name: String)
    case propertyPath(String)
    case collection([Value])
    case record([(property: String, value: Value)])
  }

  /// The term with its alias, such as `Core.Description`.
  let term: String
  let value: Value

  /// An annotation with a term of one of the vocabularies of its document.
  public init(_ term: String, _ value: Value) {
    self.term = term
    self.value = value
  }
}

extension Annotation {
  /// What the declaration itself says of a property, in the terms of the Core vocabulary.
  static func declared(of property: Property) -> [Annotation] {
    var annotations = described(property.documentation)
    if property.traits.contains(.key) { annotations.append(Annotation("Core.Computed", .bool(true))) }
    if property.traits.contains(.readOnly) {
      annotations.append(Annotation("Core.Permissions", .member(type: "Core.Permission", name: "Read")))
    }
    // The server's value is used unless the client sends one.
    if property.traits.contains(.stamp) { annotations.append(Annotation("Core.ComputedDefaultValue", .bool(true))) }
    return annotations
  }

  /// Marks what the published service does not have.
  static let ofExtensions = Annotation(
    "Core.LongDescription", .string("An extension of this server: the published service does not have it."))

  /// The documentation of an element, or nothing when it has none.
  static func described(_ documentation: String) -> [Annotation] {
    documentation.isEmpty ? [] : [Annotation("Core.Description", .string(documentation))]
  }
}
