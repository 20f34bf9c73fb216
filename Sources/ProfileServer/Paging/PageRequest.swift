import NIOHTTP1
import OData
import Profiles

/// The page of a list that a request asks for, and the link to the next one (OData 4.01 part 1, 11.2.6.7).
struct PageRequest {
  /// The query for the page.
  let query: ListQuery
  /// The preference `maxpagesize`; nil when there is none.
  let preferredSize: Int?
  private let size: Int
  private let cipher: PageTokenCipher
  private let request: GraphRequest
  private let caller: Caller
  private let options: QueryOptions

  /// Reads the size of the page and its position. Throws `GraphError.wrongSkipToken` when the `$skiptoken` belongs to
  /// another query or caller, and `listURLTooLong` when the URL leaves no room for a `$skiptoken`.
  init(_ exchange: Exchange, by caller: Caller, cipher: PageTokenCipher) throws(GraphError) {
    request = exchange.request
    self.cipher = cipher
    self.caller = caller
    options = exchange.options
    preferredSize = exchange.preferences.maxPageSize
    var token: PageToken?
    if let text = options.skipToken {
      // The position already counts what `$skip` skipped.
      guard options.skip == nil,
        let opened = cipher.open(text, binding: Self.binding(request, caller, options)).flatMap({ PageToken($0) })
      else { throw .wrongSkipToken }
      token = opened
    } else if request.target.utf8.count > Limits.listURLBytesMax {
      throw .listURLTooLong
    }
    size = Self.size(top: options.top, preferred: preferredSize, page: token?.pageSize)
    query = ListQuery(options, limit: size, after: token?.place, cancellation: request.cancellation)
  }

  /// Computed only when a list begins or ends with a link, which is rare.
  private static func binding(_ request: GraphRequest, _ caller: Caller, _ options: QueryOptions) -> [UInt8] {
    PageToken.binding(caller, path: request.path, options)
  }

  /// The size of a page. `$top` sets it, as on Graph, and a preference may lower it. A link keeps it: `page` is the
  /// size in the `$skiptoken`, which opens only with the `$top` that it was made for.
  static func size(top: Int?, preferred: Int?, page: Int?) -> Int {
    let asked = min(top ?? page ?? Limits.pageSizeDefault, page ?? .max)
    return min(asked, preferred ?? .max, Limits.pageSizeMax)
  }

  /// The link to the page after `place`, with the origin that the client used; nil at the end of the list.
  func nextLink(_ place: KeysetPosition?) -> String? {
    guard let place,
      let token = cipher.seal(
        PageToken(pageSize: size, place: place).bytes, binding: Self.binding(request, caller, options))
    else { return nil }
    let kept = request.query.split(separator: UInt8(ascii: "&")).filter { !Self.isReplaced($0) }
    let query = (kept.map { String(decoding: $0, as: UTF8.self) } + ["$skiptoken=\(token)"]).joined(separator: "&")
    return "\(request.origin)\(String(decoding: request.path, as: UTF8.self))?\(query)"
  }

  /// Whether an option is replaced by the new `$skiptoken`: an older one, and `$skip`.
  private static func isReplaced(_ option: Substring.UTF8View) -> Bool {
    let name = option.prefix { $0 != UInt8(ascii: "=") }
    guard let decoded = PercentEncoding.decode(name)?.lowercased() else { return false }
    return ["$skiptoken", "skiptoken", "$skip", "skip"].contains(decoded)
  }
}

/// Next links of expanded collections (OData JSON 4.01 section 8.3).
struct ExpansionLinks {
  private let request: GraphRequest
  private let caller: Caller
  private let cipher: PageTokenCipher

  /// Links for a request of `caller`.
  init(_ request: GraphRequest, _ caller: Caller, _ cipher: PageTokenCipher) {
    self.request = request
    self.caller = caller
    self.cipher = cipher
  }

  /// Throws `GraphError.listURLTooLong` when the next link of an expanded collection could be too long to follow.
  static func checkLength(_ exchange: Exchange) throws(GraphError) {
    for expansion in exchange.options.expansions ?? [] {
      let query = expansion.options.written.reduce(0) {
        $0 + $1.name.utf8.count + PercentEncoding.encodeSegment($1.value).utf8.count + 2
      }
      let path = exchange.request.path.count + expansion.navigation.utf8.count
      guard path + query <= Limits.listURLBytesMax else { throw .listURLTooLong }
    }
  }

  /// The link to the page after `place` of a collection, addressed as a list of its own; nil at the end.
  func next(
    _ place: KeysetPosition?, in collection: NavigationProperty, _ options: QueryOptions, size: Int
  ) -> String? {
    guard let place else { return nil }
    var path = String(decoding: request.path, as: UTF8.self)
    while path.hasSuffix("/") { path.removeLast() }
    path += "/\(collection.name)"
    let token = PageToken(pageSize: min(size, Limits.pageSizeMax), place: place)
    let binding = PageToken.binding(caller, path: path.utf8, options)
    guard let sealed = cipher.seal(token.bytes, binding: binding) else { return nil }
    let query = options.written.map { "\($0.name)=\(PercentEncoding.encodeSegment($0.value))" }
    return "\(request.origin)\(path)?\((query + ["$skiptoken=\(sealed)"]).joined(separator: "&"))"
  }
}
