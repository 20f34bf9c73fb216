/// A vocabulary, whose terms annotations use (OData CSDL 4.01 section 14). Documents reference it (section 4.1).
public struct Vocabulary: Sendable {
  /// The URL that it is published at, without the extension that tells XML from JSON.
  let location: String
  /// The namespace of its terms.
  let namespace: String
  /// The alias that qualifies its terms (section 5.1).
  let alias: String

  /// A vocabulary that is published at `location`.
  public init(at location: String, namespace: String, alias: String) {
    self.location = location
    self.namespace = namespace
    self.alias = alias
  }

  /// OData's Core vocabulary.
  public static let core = Vocabulary(
    at: "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Core.V1",
    namespace: "Org.OData.Core.V1", alias: "Core")
}

/// An annotation of a model element (OData CSDL 4.01 section 14.2).
public struct Annotation: Sendable {
  /// The value of an annotation: those constant and dynamic expressions that this server needs (OData CSDL 4.01
  /// sections 14.3 and 14.4).
  public indirect enum Value: Sendable {
    /// A boolean.
    case bool(Bool)
    /// A string.
    case string(String)
    /// A member of an enumeration type, whose name is qualified with the alias of its vocabulary.
    case member(type: String, name: String)
    /// A path to a property of the annotated type.
    case propertyPath(String)
    /// A collection of values.
    case collection([Value])
    /// A record, with its properties in order.
    case record([(property: String, value: Value)])
  }

  /// The term, qualified with an alias, such as `Core.Description`.
  let term: String
  /// The value of the term.
  let value: Value

  /// An annotation with a term of one of the vocabularies that its document references.
  public init(_ term: String, _ value: Value) {
    self.term = term
    self.value = value
  }
}

extension Annotation {
  /// The annotations that follow from a property's declaration, in terms of the Core vocabulary.
  static func declared(of property: Property) -> [Annotation] {
    var annotations = described(property.documentation)
    if property.traits.contains(.key) { annotations.append(Annotation("Core.Computed", .bool(true))) }
    if property.isReadOnly {
      annotations.append(Annotation("Core.Permissions", .member(type: "Core.Permission", name: "Read")))
    }
    // The client may set it; otherwise the server computes a value.
    if property.traits.contains(.stamp) { annotations.append(Annotation("Core.ComputedDefaultValue", .bool(true))) }
    return annotations
  }

  /// The annotation of an element that the published service does not have.
  static let ofExtensions = Annotation(
    "Core.LongDescription", .string("An extension of this server: the published service does not have it."))

  /// The annotation that describes an element; none when there is no description.
  static func described(_ documentation: String) -> [Annotation] {
    documentation.isEmpty ? [] : [Annotation("Core.Description", .string(documentation))]
  }
}
