import Crypto
import NIOCore
import NIOHTTP1
import NIOPosix
import OData
import Profiles
import Synchronization

/// The documents that describe the service, each built once. They contain no personal data, so they need no token.
public struct ServiceMetadata: Sendable {
  /// A document with its content codings.
  struct Document: Sendable {
    /// The document in one content coding, with an entity tag of its own (RFC 9110 section 8.8.3.3).
    struct Encoding: Sendable {
      let bytes: ByteBuffer
      let entityTag: String
      /// The value of `Content-Encoding`; nil for the identity coding.
      let coding: String?
    }

    let contentType: String
    let plain: Encoding
    private let gzip: Encoding?

    /// A document of bytes. `isCompressed` is safe only for public content without any part of a request, because the
    /// length of compressed data reveals repetitions.
    init(_ bytes: [UInt8], _ contentType: String, isCompressed: Bool) {
      self.contentType = contentType
      let digest = SHA256.hash(data: bytes).prefix(16)
      let digits = digest.flatMap { [Hexadecimal.digit($0 >> 4), Hexadecimal.digit($0 & 15)] }
      let tag = String(decoding: digits, as: UTF8.self)
      plain = Encoding(bytes: ByteBuffer(bytes: bytes), entityTag: "\"\(tag)\"", coding: nil)
      gzip = (isCompressed ? GzipCoding.compress(bytes) : nil).map {
        Encoding(bytes: ByteBuffer(bytes: $0), entityTag: "\"\(tag)-gzip\"", coding: "gzip")
      }
    }

    /// The encoding for a client with these `Accept-Encoding` fields.
    func encoding(for acceptEncoding: [String]) -> Encoding {
      guard let gzip, GzipCoding.isPreferred(by: acceptEncoding) else { return plain }
      return gzip
    }
  }

  /// The documents of the profile model.
  public static let current = ServiceMetadata(of: ProfileModel.model)

  private let betaXML: Document
  private let betaJSON: Document
  private let v1XML: Document
  private let v1JSON: Document

  /// The documents of a model.
  init(of model: EntityModel) {
    let beta = Self.description(of: model, .beta)
    let v1 = Self.description(of: model, .v1)
    betaXML = Document(CSDLXML.document(beta), CSDLXML.mediaType, isCompressed: true)
    betaJSON = Document(CSDLJSON.document(beta).bytes(), CSDLJSON.mediaType, isCompressed: true)
    v1XML = Document(CSDLXML.document(v1), CSDLXML.mediaType, isCompressed: true)
    v1JSON = Document(CSDLJSON.document(v1).bytes(), CSDLJSON.mediaType, isCompressed: true)
  }

  /// The OpenAPI 3.1 document of the server. It is large and seldom requested, so it is built lazily, which takes a
  /// while: use `loadOpenAPI` on event loops.
  static let openAPI = openAPI(of: ProfileModel.model)

  private static let isOpenAPILoaded = Atomic(false)

  /// The OpenAPI document, built on another thread when it is first needed. Throws when the process is
  /// stopping.
  static func loadOpenAPI() async throws -> Document {
    guard !isOpenAPILoaded.load(ordering: .acquiring) else { return openAPI }
    return try await NIOThreadPool.singleton.runIfActive {
      let document = openAPI
      isOpenAPILoaded.store(true, ordering: .releasing)
      return document
    }
  }

  /// The OpenAPI document of a model.
  static func openAPI(of model: EntityModel) -> Document {
    let operations = APIOperation.all(of: model)
    let document = OpenAPIDocument(head, of: description(of: model, .beta), operations: operations).document
    return Document(document.bytes(), OpenAPIDocument.mediaType, isCompressed: true)
  }

  /// The description of the model in a service version: `/v1.0` has no profile.
  static func description(of model: EntityModel, _ version: ResourcePath.ServiceVersion) -> ModelDescription {
    let alternateKey = Annotation.Value.record([
      ("Name", .propertyPath("userPrincipalName")), ("Alias", .string("userPrincipalName")),
    ])
    let keys = Annotation.Value.collection([.record([("Key", .collection([alternateKey]))])])
    return ModelDescription(
      of: model, containerName: "GraphService", hidingNavigation: version == .v1 ? ["profile"] : [],
      vocabularies: [
        Vocabulary(
          at: "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Capabilities.V1",
          namespace: "Org.OData.Capabilities.V1", alias: "Capabilities")
      ],
      annotations: [
        "user": [Annotation("Core.AlternateKeys", keys)],
        "": [
          Annotation("Core.ODataVersions", .string("4.0")),
          Annotation(
            "Capabilities.ConformanceLevel", .member(type: "Capabilities.ConformanceLevelType", name: "Minimal")),
          Annotation(
            "Capabilities.FilterFunctions", .collection(ExpressionFunction.offeredNames.map { .string($0) })),
          Annotation("Capabilities.BatchSupported", .bool(true)),
          Annotation("Capabilities.KeyAsSegmentSupported", .bool(true)),
        ],
      ])
  }

  private static let head = OpenAPIDocument.Head(
    title: "Facet", version: "beta",
    documentation: "A self-hosted server for the Microsoft Graph profile API. Made from the entity data model and the "
      + "declared operations of the server.")

  /// The CSDL document of a service version (OData CSDL 4.01).
  func csdl(_ version: ResourcePath.ServiceVersion, _ format: MetadataFormat) -> Document {
    switch (version, format) {
    case (.beta, .xml): betaXML
    case (.beta, .json): betaJSON
    case (.v1, .xml): v1XML
    case (.v1, .json): v1JSON
    }
  }
}

// MARK: Responses

extension ServiceMetadata {
  /// The response to a request for a document of a service version. Throws `GraphError.methodNotAllowed` for a method
  /// other than GET and HEAD, `notAcceptable` when no representation is acceptable, and the error of an unsupported
  /// query option, OData version or entity tag.
  func response(
    to request: GraphRequest, _ version: ResourcePath.ServiceVersion, _ document: ServiceEndpoint.Document
  ) throws(GraphError) -> GraphResponse {
    guard request.method == .GET || request.method == .HEAD else { throw .methodNotAllowed([.GET, .HEAD]) }
    try ProtocolFields.check(request.headers)
    switch document {
    case .service: return try service(version, request)
    case .metadata: return try response(with: csdl(version, try MetadataFormat(request)), to: request)
    }
  }

  /// The service document (OData JSON 4.01 section 5). It contains the origin that the client used, so it is built for
  /// each request.
  private func service(
    _ version: ResourcePath.ServiceVersion, _ request: GraphRequest
  ) throws(GraphError) -> GraphResponse {
    let format = try MetadataFormat.option(request.query)
    guard let representation = Representation(format: format, request.headers) else { throw .notAcceptable }
    let bytes = ServiceDocument.document(
      of: ProfileModel.model, serviceRoot: "\(request.origin)/\(version.rawValue)/",
      hasContext: representation.metadata == .minimal)
    let document = Document(bytes, representation.contentType, isCompressed: false)
    return try response(with: document, to: request)
  }

  private func response(
    with document: Document, to request: GraphRequest
  ) throws(GraphError) -> GraphResponse {
    // A response within a batch is part of a JSON text.
    let encoding = request.isBatchPart ? document.plain : document.encoding(for: request.headers["Accept-Encoding"])
    let fields: HeaderFields = [.entityTag: encoding.entityTag, .vary: "Accept, Accept-Encoding"]
    guard try !encoding.isKnown(to: request.headers["If-None-Match"]) else {
      return GraphResponse(status: .notModified, headers: fields, body: .none)
    }
    var response = GraphResponse(status: .ok, headers: fields, body: .bytes(encoding.bytes))
    response.headers[.contentType] = document.contentType
    response.headers[.contentEncoding] = encoding.coding
    return response
  }
}

extension ServiceMetadata.Document.Encoding {
  /// Whether `If-None-Match` has the entity tag of the document (RFC 9110 section 13.1.2). Throws
  /// `GraphError.malformedEntityTag` when it is malformed.
  func isKnown(to ifNoneMatch: [String]) throws(GraphError) -> Bool {
    guard !ifNoneMatch.isEmpty else { return false }
    guard let condition = EntityTagCondition(ifNoneMatch) else { throw .malformedEntityTag }
    return condition.matches(opaqueTag: String(entityTag.dropFirst().dropLast()))
  }
}
