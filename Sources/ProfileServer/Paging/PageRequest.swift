import NIOHTTP1
import OData
import Profiles

/// One page of a list, as a request asks for it, and the link to the next.
struct PageRequest {
  let query: ListQuery
  /// `maxpagesize`, if the client asked for it.
  let preferredSize: Int?
  private let size: Int
  private let cipher: PageTokenCipher
  private let request: GraphRequest
  private let caller: Caller
  private let options: QueryOptions

  /// Reads size and place; throws when the token is of another query or caller, or the URL too long to go on from.
  init(_ exchange: Exchange, by caller: Caller, cipher: PageTokenCipher) throws(GraphError) {
    request = exchange.request
    self.cipher = cipher
    self.caller = caller
    options = exchange.options
    preferredSize = exchange.preferences.maxPageSize
    var token: PageToken?
    if let text = options.skipToken {
      // What is skipped stands before the place of the link.
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

  /// Found out only where a list begins or ends with a link, as most do not.
  private static func binding(_ request: GraphRequest, _ caller: Caller, _ options: QueryOptions) -> [UInt8] {
    PageToken.binding(caller, path: request.path, options)
  }

  /// `$top` is the page size, as on Graph; a preference may lower it, and a link keeps it. Only the preference of a
  /// request can differ from that of the request before: a link opens with the `$top` that it was made for.
  static func size(top: Int?, preferred: Int?, page: Int?) -> Int {
    let asked = min(top ?? page ?? Limits.pageSizeDefault, page ?? .max)
    return min(asked, preferred ?? .max, Limits.pageSizeMax)
  }

  /// The link to the page after `place`, on the host that the client used; nil at the end.
  func nextLink(_ place: KeysetPosition?) -> String? {
    guard let place,
      let token = cipher.seal(
        PageToken(pageSize: size, place: place).bytes, binding: Self.binding(request, caller, options))
    else { return nil }
    let kept = request.query.split(separator: UInt8(ascii: "&")).filter { !Self.isReplaced($0) }
    let query = (kept.map { String(decoding: $0, as: UTF8.self) } + ["$skiptoken=\(token)"]).joined(separator: "&")
    return "\(request.origin)\(String(decoding: request.path, as: UTF8.self))?\(query)"
  }

  /// The link stands for what was skipped, and for where the page before began.
  private static func isReplaced(_ option: Substring.UTF8View) -> Bool {
    let name = option.prefix { $0 != UInt8(ascii: "=") }
    guard let decoded = PercentEncoding.decode(name)?.lowercased() else { return false }
    return ["$skiptoken", "skiptoken", "$skip", "skip"].contains(decoded)
  }
}

/// Links to the rest of collections that are expanded within another resource.
struct ExpansionLinks {
  private let request: GraphRequest
  private let caller: Caller
  private let cipher: PageTokenCipher

  /// Links for what `caller` asked for.
  init(_ request: GraphRequest, _ caller: Caller, _ cipher: PageTokenCipher) {
    self.request = request
    self.caller = caller
    self.cipher = cipher
  }

  /// Refuses what is asked of a collection when the link to its rest could be too long to follow.
  static func checkLength(_ exchange: Exchange) throws(GraphError) {
    for expansion in exchange.options.expansions ?? [] {
      let query = expansion.options.written.reduce(0) {
        $0 + $1.name.utf8.count + PercentEncoding.encodeSegment($1.value).utf8.count + 2
      }
      let path = exchange.request.path.count + expansion.navigation.utf8.count
      guard path + query <= Limits.listURLBytesMax else { throw .listURLTooLong }
    }
  }

  /// The link to the page after `place` of a collection, as a list of its own; nil at the end.
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
