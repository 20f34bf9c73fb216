import Crypto
import NIOCore
import NIOHTTP1
import NIOPosix
import OData
import Profiles
import Synchronization

/// The documents that describe the service, each made once. None holds anything of people, so none needs a token.
public struct ServiceMetadata: Sendable {
  /// A finished document in each form that it is sent in.
  struct Document: Sendable {
    /// The document in one coding, with an entity tag of its own, as the bytes differ (RFC 9110 section 8.8.3.3).
    struct Form: Sendable {
      let bytes: ByteBuffer
      let entityTag: String
      /// `Content-Encoding`; nil when it is plain.
      let coding: String?
    }

    let contentType: String
    let plain: Form
    private let gzip: Form?

    /// `isCompressed` for a long document that holds nothing but what everybody may read and nothing that a client sent:
    /// the length of a compressed answer tells what repeats in it.
    init(_ bytes: [UInt8], _ contentType: String, isCompressed: Bool) {
      self.contentType = contentType
      let digest = SHA256.hash(data: bytes).prefix(16)
      let digits = digest.flatMap { [Hexadecimal.digit($0 >> 4), Hexadecimal.digit($0 & 15)] }
      let tag = String(decoding: digits, as: UTF8.self)
      plain = Form(bytes: ByteBuffer(bytes: bytes), entityTag: "\"\(tag)\"", coding: nil)
      gzip = (isCompressed ? GzipCoding.compress(bytes) : nil).map {
        Form(bytes: ByteBuffer(bytes: $0), entityTag: "\"\(tag)-gzip\"", coding: "gzip")
      }
    }

    /// The form for a client that sent these fields `Accept-Encoding`.
    func form(for acceptEncoding: [String]) -> Form {
      guard let gzip, GzipCoding.isPreferred(by: acceptEncoding) else { return plain }
      return gzip
    }
  }

  /// The documents of the declared model.
  public static let current = ServiceMetadata(of: ProfileModel.model)

  private let betaXML: Document
  private let betaJSON: Document
  private let v1XML: Document
  private let v1JSON: Document

  init(of model: EntityModel) {
    let beta = Self.description(of: model, .beta)
    let v1 = Self.description(of: model, .v1)
    betaXML = Document(CSDLXML.document(beta), CSDLXML.mediaType, isCompressed: true)
    betaJSON = Document(CSDLJSON.document(beta).bytes(), CSDLJSON.mediaType, isCompressed: true)
    v1XML = Document(CSDLXML.document(v1), CSDLXML.mediaType, isCompressed: true)
    v1JSON = Document(CSDLJSON.document(v1).bytes(), CSDLJSON.mediaType, isCompressed: true)
  }

  /// The description of the whole server in OpenAPI 3.1. It is large and seldom asked for, so it is made when it first
  /// is, and takes nothing from the start. Making it takes a while: see `madeOpenAPI`.
  static let openAPI = openAPI(of: ProfileModel.model)

  private static let isOpenAPIMade = Atomic(false)

  /// The same, made on a thread that nobody waits for. Throws when the process is stopping.
  static func madeOpenAPI() async throws -> Document {
    guard !isOpenAPIMade.load(ordering: .acquiring) else { return openAPI }
    return try await NIOThreadPool.singleton.runIfActive {
      let document = openAPI
      isOpenAPIMade.store(true, ordering: .releasing)
      return document
    }
  }

  static func openAPI(of model: EntityModel) -> Document {
    let operations = APIOperation.all(of: model)
    let document = OpenAPIDocument(head, of: description(of: model, .beta), operations: operations).document
    return Document(document.bytes(), OpenAPIDocument.mediaType, isCompressed: true)
  }

  /// The model as a version of the service shows it: `/v1.0` has no profile.
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

  /// The CSDL document of a version.
  func csdl(_ version: ResourcePath.ServiceVersion, _ format: MetadataFormat) -> Document {
    switch (version, format) {
    case (.beta, .xml): betaXML
    case (.beta, .json): betaJSON
    case (.v1, .xml): v1XML
    case (.v1, .json): v1JSON
    }
  }
}

// MARK: Answers

extension ServiceMetadata {
  /// The answer to a request for a document of a version. Throws for a method that documents do not have, and for a form
  /// that they are not sent in.
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

  /// The service document begins with the address that the client used, so it is written for each request.
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
    // An answer within a batch is part of a text of JSON.
    let form = request.isBatchPart ? document.plain : document.form(for: request.headers["Accept-Encoding"])
    let fields: HeaderFields = [.entityTag: form.entityTag, .vary: "Accept, Accept-Encoding"]
    guard try !form.isKnown(to: request.headers["If-None-Match"]) else {
      return GraphResponse(status: .notModified, headers: fields, body: .none)
    }
    var response = GraphResponse(status: .ok, headers: fields, body: .bytes(form.bytes))
    response.headers[.contentType] = document.contentType
    response.headers[.contentEncoding] = form.coding
    return response
  }
}

extension ServiceMetadata.Document.Form {
  /// Whether a client says that it has this very document (RFC 9110 section 13.1.2).
  func isKnown(to ifNoneMatch: [String]) throws(GraphError) -> Bool {
    guard !ifNoneMatch.isEmpty else { return false }
    guard let condition = EntityTagCondition(ifNoneMatch) else { throw .malformedEntityTag }
    return condition.matches(opaqueTag: String(entityTag.dropFirst().dropLast()))
  }
}
