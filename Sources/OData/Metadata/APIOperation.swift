/// One method of one path as an OpenAPI document describes it.
public struct APIOperation: Sendable {
  /// Methods in the order in which documents list them.
  public enum Method: String, CaseIterable, Sendable {
    case get, post, patch, delete
  }

  /// What a success answers.
  public enum Content: Sendable {
    case nothing
    case entity(StructuredType)
    case list(StructuredType)
    /// A number as plain text.
    case count
    /// A property in a JSON object of its own.
    case property
    /// A primitive value as plain text.
    case rawValue
    /// A document of the metadata, in these media types.
    case document([String])
    /// The answers to the requests of a batch.
    case batch
  }

  /// What a request's body holds.
  public enum Body: Sendable {
    /// Members of this type.
    case entity(StructuredType)
    /// Requests (OData JSON 4.01 section 19).
    case batch
    /// The address of an entity (OData JSON 4.01 section 14).
    case reference
  }

  /// What a parameter's values are.
  public enum Kind: Sendable {
    case text
    /// Zero or more.
    case wholeNumber
    case truth
  }

  /// Where a parameter stands.
  public enum Location: String, Sendable {
    case path, query, header
  }

  /// A parameter.
  public struct Parameter: Sendable {
    let name: String
    let location: Location
    let documentation: String
    /// The values it can have, or empty when any text will do.
    let values: [String]
    /// Whether several values may be given, separated by commas.
    let isList: Bool
    let kind: Kind

    /// A parameter; one in the path is required, any other optional.
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

  /// A success with the header fields that only it has.
  public struct Success: Sendable {
    let status: Int
    let content: Content
    let headers: [String]

    /// A success that is answered with this content.
    public init(_ status: Int, _ content: Content, headers: [String] = []) {
      self.status = status
      self.content = content
      self.headers = headers
    }
  }

  /// A refusal: a status with the error codes that come with it.
  public struct Refusal: Hashable, Sendable {
    public let status: Int
    public let codes: [String]

    /// A refusal with one of these codes.
    public init(_ status: Int, _ codes: [String]) {
      self.status = status
      self.codes = codes
    }
  }

  let method: Method
  /// The path from the root of the server, with its parameters in braces.
  let path: String
  /// Unique in its document.
  let id: String
  let tag: String
  let summary: String
  let documentation: String
  let parameters: [Parameter]
  /// nil when there is no body.
  let body: Body?
  let successes: [Success]
  let refusals: [Refusal]
  /// Whether a bearer token is needed.
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
