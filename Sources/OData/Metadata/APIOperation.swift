/// One method of one path, as an OpenAPI document describes it (OpenAPI 3.1, Operation Object).
public struct APIOperation: Sendable {
  /// The HTTP method, in the order in which documents list them.
  public enum Method: String, CaseIterable, Sendable {
    /// A method by its lower-case name, as in a Path Item Object.
    case get, post, put, patch, delete
  }

  /// The content of a success response.
  public enum Content: Sendable {
    /// No content.
    case nothing
    /// One entity of this type.
    case entity(StructuredType)
    /// A collection of entities of this type.
    case list(StructuredType)
    /// One entity of one of these types.
    case either([StructuredType])
    /// Entities of one of these types each.
    case mixed([StructuredType])
    /// Texts, as an action returns them.
    case texts
    /// A reference to an entity, and several (OData JSON 4.01 section 14).
    case reference, references
    /// A number, as plain text.
    case count
    /// One property, in a JSON object of its own (OData JSON 4.01 section 11).
    case property
    /// A primitive value, as plain text.
    case rawValue
    /// The bytes of an image.
    case image
    /// A metadata document, in any of these media types.
    case document([String])
    /// The responses of a batch (OData JSON 4.01 section 19.5).
    case batch
  }

  /// The content of a request body.
  public enum Body: Sendable {
    /// An entity of this type, or a part of one.
    case entity(StructuredType)
    /// The requests of a batch (OData JSON 4.01 section 19.1).
    case batch
    /// An entity reference (OData JSON 4.01 section 14).
    case reference
    /// The parameters of an action (OData JSON 4.01 section 18).
    case parameters(Action)
    /// The bytes of an image, in one of these media types.
    case image([String])
  }

  /// The type of a parameter's values.
  public enum Kind: Sendable {
    /// Any string.
    case text
    /// An integer, zero or more.
    case wholeNumber
    /// `true` or `false`.
    case truth
  }

  /// The location of a parameter (OpenAPI 3.1, Parameter Object, `in`).
  public enum Location: String, Sendable {
    /// A location by its name in the document.
    case path, query, header
  }

  /// A parameter (OpenAPI 3.1, Parameter Object).
  public struct Parameter: Sendable {
    let name: String
    let location: Location
    let documentation: String
    /// The allowed values; empty when any value is.
    let values: [String]
    /// Whether it takes several values, separated by commas.
    let isList: Bool
    let kind: Kind

    /// A parameter. One in the path is required; any other is optional.
    public init(
      _ name: String, in location: Location, values: [String] = [], isList: Bool = false, kind: Kind = .text,
      _ documentation: String
    ) {
      self.name = name
      self.location = location
      self.values = values
      self.isList = isList
      self.kind = kind
      self.documentation = documentation
    }
  }

  /// A success response, with the header fields that only it has (OpenAPI 3.1, Response Object).
  public struct Success: Sendable {
    let status: Int
    let content: Content
    let headers: [String]

    /// A success response with this status code and content.
    public init(_ status: Int, _ content: Content, headers: [String] = []) {
      self.status = status
      self.content = content
      self.headers = headers
    }
  }

  /// An error response: a status code with the error codes that come with it.
  public struct Refusal: Hashable, Sendable {
    /// The status code.
    public let status: Int
    /// The values that `error.code` can have.
    public let codes: [String]

    /// An error response with one of these error codes.
    public init(_ status: Int, _ codes: [String]) {
      self.status = status
      self.codes = codes
    }
  }

  /// The HTTP method.
  let method: Method
  /// The path from the root of the server, with its parameters in braces.
  let path: String
  /// The `operationId`, unique in its document.
  let id: String
  /// The group that documents list the operation under.
  let tag: String
  /// A short description.
  let summary: String
  /// A longer description; empty when there is none.
  let documentation: String
  /// The parameters, in order.
  let parameters: [Parameter]
  /// The content of the request body; nil when there is none.
  let body: Body?
  /// The success responses.
  let successes: [Success]
  /// The error responses.
  let refusals: [Refusal]
  /// Whether a bearer token is required.
  let needsToken: Bool

  /// Describes an operation.
  public init(
    _ method: Method, _ path: String, id: String, tag: String, _ summary: String, documentation: String,
    parameters: [Parameter], body: Body?, successes: [Success], refusals: [Refusal], needsToken: Bool
  ) {
    self.method = method
    self.path = path
    self.id = id
    self.tag = tag
    self.summary = summary
    self.documentation = documentation
    self.parameters = parameters
    self.body = body
    self.successes = successes
    self.refusals = refusals
    self.needsToken = needsToken
  }
}
