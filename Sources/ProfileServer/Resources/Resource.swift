import NIOHTTP1
import OData
import Profiles

/// A resource of the service, declared once in `ResourceTable`. Dispatch, `Allow`, the supported query options, metric
/// labels, the OpenAPI document and the coverage page are derived from it.
final class Resource: Sendable {
  /// A row of the table.
  struct Declaration: Sendable {
    let template: PathTemplate
    let title: String
    let type: StructuredType
    let tag: String
    let routes: [Route]

    /// A resource at `template`. One without routes can be named by references; requests to it are answered with 501.
    init(_ template: String, _ title: String, of type: StructuredType, tag: String, _ routes: [Route]) {
      self.template = PathTemplate(template)
      self.title = title
      self.type = type
      self.tag = tag
      self.routes = routes
    }
  }

  /// The template of the path.
  let template: PathTemplate
  /// What the resource is, for readers of the documents.
  let title: String
  /// The type against which query options and bodies are parsed. Resources of a collection use the type of its items.
  let type: StructuredType
  /// Groups the resource in documents; resources of a collection are grouped by its name.
  let tag: String
  /// The methods of the resource.
  let routes: [Route]
  /// The label in metrics and logs.
  let label: RouteLabel

  private let read, creation, replacement, update, deletion: Route?
  /// The query options of reads, and those of writes, which only shape the response.
  private let readOptions, writeOptions: QueryOptions.Supported
  /// Whether a successful read is plain text, or the bytes of a photo, rather than JSON.
  let isPlainText: Bool
  /// Whether the resource belongs to the directory, whose errors have codes of their own.
  let isDirectory: Bool
  /// The methods for `Allow`.
  let allowedMethods: [HTTPMethod]

  /// The resource of the row at `index`.
  init(_ row: Declaration, index: Int) {
    template = row.template
    title = row.title
    type = row.type
    tag = row.tag
    routes = row.routes
    label = routes.isEmpty ? .unknown : RouteLabel(template.label, index: RouteLabel.fixed.count + index)
    read = routes.first { $0.method == .get }
    creation = routes.first { $0.method == .post }
    replacement = routes.first { $0.method == .put }
    update = routes.first { $0.method == .patch }
    deletion = routes.first { $0.method == .delete }
    isPlainText = read?.isPlainText ?? false
    readOptions = read.map { QueryOptions.Supported($0.options).union($0.isPlainText ? [] : .format) } ?? []
    let answer = creation.flatMap { $0.action == nil || $0.success == .checked ? nil : $0 }
    let ofActions = answer.map { QueryOptions.Supported($0.options).union(.format) } ?? []
    writeOptions = readOptions.union(ofActions).intersection([.select, .format])
    isDirectory = routes.first.map { $0.permissions.isDirectory } ?? true
    allowedMethods = routes.flatMap { $0.method == .get ? [.GET, .HEAD] : [$0.method.httpMethod] }
  }

  /// The route of a method; nil when the resource does not have the method. HEAD uses the route of GET (RFC 9110
  /// section 9.3.2).
  func route(of method: HTTPMethod) -> Route? {
    switch method {
    case .GET, .HEAD: read
    case .POST: creation
    case .PUT: replacement
    case .PATCH: update
    case .DELETE: deletion
    default: nil
    }
  }

  /// The query options that requests with a method may use; none for a method that the resource does not have.
  func supportedOptions(of method: HTTPMethod) -> QueryOptions.Supported {
    switch method {
    case .GET, .HEAD: readOptions
    case .POST, .PATCH: writeOptions
    case .DELETE: deletion?.takesReferenceID == true ? .id : []
    default: []
    }
  }

  /// Whether the method creates something, so that an `Idempotency-Key` has an effect.
  func takesIdempotencyKey(_ method: HTTPMethod) -> Bool {
    method == .POST && creation?.takesIdempotencyKey == true
  }
}

extension QueryOptions.Supported {
  /// The options of a route. Paging options are supported together.
  fileprivate init(_ options: [SystemQueryOption]) {
    self = options.reduce(into: []) { supported, option in
      switch option {
      case .select: supported.insert(.select)
      case .expand: supported.insert(.expand)
      case .filter: supported.insert(.filter)
      case .search: supported.insert(.search)
      case .orderby: supported.insert(.orderby)
      case .top, .skip, .count: supported.insert(.paging)
      }
    }
  }
}
