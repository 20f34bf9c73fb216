import NIOHTTP1
import OData
import Profiles

/// People and their profiles.
extension GraphHandler {
  func performOnUsers(_ exchange: Exchange, _ method: HTTPMethod, _ caller: Caller) throws(GraphError) {
    switch method {
    case .GET: try listUsers(exchange, caller)
    case .POST:
      let patch = try patch(exchange, .create, ProfileModel.user)
      let receipt = try receipt(exchange, by: caller)
      session.createUser(patch, once: receipt, by: caller) { [self] in finish(exchange, created: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .POST])
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onUser owner: OwnerReference, _ caller: Caller
  ) throws(GraphError) {
    switch method {
    case .GET: session.readUser(owner, by: caller) { [self] in finish(exchange, read: $0) }
    case .PATCH:
      let patch = try patch(exchange, .update, ProfileModel.user)
      let preconditions = try preconditions(exchange)
      session.updateUser(owner, patch, preconditions: preconditions, by: caller) { [self] in
        finish(exchange, updated: $0)
      }
    case .DELETE:
      let preconditions = try preconditions(exchange)
      session.deleteUser(owner, preconditions: preconditions, by: caller) { [self] in finish(exchange, removed: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .PATCH, .DELETE])
    }
  }

  func perform(
    _ exchange: Exchange, _ method: HTTPMethod, onProfile owner: OwnerReference, _ caller: Caller
  ) throws(GraphError) {
    switch method {
    case .GET:
      try ExpansionLinks.checkLength(exchange)
      readProfile(exchange, owner, caller)
    case .PATCH:
      try checkProfilePreconditions(exchange)
      // A profile holds nothing of its own that could be set, so all that is left is to check what was sent.
      _ = try patch(exchange, .update, ProfileModel.profile)
      session.openProfile(owner, for: .write, by: caller) { [self] view in
        finish(exchange, profile: view, by: caller, collections: [], showsID: true)
      }
    case .DELETE:
      try checkProfilePreconditions(exchange)
      session.deleteProfile(owner, by: caller) { [self] in finish(exchange, removed: $0) }
    default: throw .methodNotAllowed([.GET, .HEAD, .PATCH, .DELETE])
    }
  }

  /// A profile has no entity tag, so that none matches; it is always there, so that `*` does.
  private func checkProfilePreconditions(_ exchange: Exchange) throws(GraphError) {
    let preconditions = try preconditions(exchange)
    if let tags = preconditions.ifMatch, tags != .any { throw GraphError(.preconditionFailed) }
    if preconditions.ifNoneMatch == .any { throw GraphError(.preconditionFailed) }
  }

  // MARK: People

  private func listUsers(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try PageRequest(exchange, by: caller, key: settings.pageTokenCipher)
    let encoder = encoder(exchange)
    let selection = exchange.options.selection
    session.listUsers(page.query, by: caller) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let listing):
        let context = encoder.context(ofSetOf: ProfileModel.user, selection)
        finish(exchange, listing, context, page, Self.userHeaders) { encoder.objects($0, selection, isFirst: $1) }
      }
    }
  }

  func finish(_ exchange: Exchange, read result: Result<VisibleObject, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(let user):
      if let answer = answer(exchange, entity(.ok, user, exchange), user.version) { finish(exchange, answer) }
    }
  }

  func finish(_ exchange: Exchange, created result: Result<VisibleObject, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(let user):
      let location = encoder(exchange).location(of: user)
      finish(exchange, written: user.version, at: location, usually: .representation) {
        entity(.created, user, exchange)
      }
    }
  }

  /// The directory answers an update without a body unless it is asked for one.
  func finish(_ exchange: Exchange, updated result: Result<VisibleObject, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(let user):
      finish(exchange, written: user.version, at: nil, usually: .minimal) { entity(.ok, user, exchange) }
    }
  }

  func finish(_ exchange: Exchange, removed result: Result<Void, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success: finish(exchange, .noContent())
    }
  }

  private func entity(_ status: HTTPResponseStatus, _ user: VisibleObject, _ exchange: Exchange) -> GraphResponse {
    let body = encoder(exchange).object(user, exchange.options.selection)
    var headers = Self.userHeaders
    if let version = user.version { headers[.entityTag] = version.entityTag }
    return .json(
      status, body, headers, as: exchange.representation.contentType)
  }

  // MARK: Profiles

  private func readProfile(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) {
    let options = exchange.options
    session.openProfile(owner, for: .read, by: caller) { [self] view in
      finish(
        exchange, profile: view, by: caller, collections: Self.collections(options),
        showsID: options.selection.map { $0.includesAllProperties || !$0.members.isEmpty } ?? true)
    }
  }

  private func finish(
    _ exchange: Exchange, profile: Result<ProfileView, ProfileError>, by caller: Caller,
    collections: [ExpandedCollection], showsID: Bool
  ) {
    switch profile {
    case .failure(let error): finish(exchange, error)
    case .success(let view):
      let encoder = encoder(exchange)
      let source = ProfileSource(
        session: session, encoder: encoder, view: view,
        opening: encoder.profileOpening(of: view.owner, exchange.options, showsID: showsID),
        collections: collections, links: ExpansionLinks(exchange.request, caller, settings.pageTokenCipher),
        cancellation: exchange.request.cancellation)
      finish(exchange, Self.itemHeaders, from: source)
    }
  }

  /// All collections stand in a profile unless some are selected or expanded, as published answers show.
  private static func collections(_ options: QueryOptions) -> [ExpandedCollection] {
    guard options.selection != nil || options.expansions != nil else {
      return ProfileModel.collections.map { ExpandedCollection(collection: $0) }
    }
    return ProfileModel.collections.compactMap { collection in
      if let expansion = options.expansions?.first(where: { $0.navigation == collection.name }) {
        return ExpandedCollection(
          collection: collection, options: expansion.options, countsOnly: expansion.countsOnly)
      }
      return options.selection?.navigation.contains(collection.name) == true
        ? ExpandedCollection(collection: collection) : nil
    }
  }
}
