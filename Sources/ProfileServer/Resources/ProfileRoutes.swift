import OData
import Profiles

/// Routes of a profile as a whole.
final class ProfileRoutes: RouteGroup {
  /// Gets a profile with its collections. Throws the error of an invalid request.
  func read(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) throws(GraphError) {
    try ExpansionLinks.checkLength(exchange)
    let options = exchange.options
    session.profiles.open(owner, for: .read, by: caller) { [self] view in
      finish(
        exchange, view, by: caller, collections: Self.collections(options),
        showsID: options.selection.map { $0.includesAllProperties || !$0.members.isEmpty } ?? true)
    }
  }

  /// Validates an update of a profile, which has no writable property, and responds with the profile. Throws the error
  /// of an invalid request.
  func update(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) throws(GraphError) {
    try checkPreconditions(exchange)
    // A profile has no writable property, so the body is only validated.
    _ = try requests.patch(exchange, .update, ProfileModel.profile)
    session.profiles.open(owner, for: .write, by: caller) { [self] view in
      finish(exchange, view, by: caller, collections: [], showsID: true)
    }
  }

  /// Deletes all items of a profile. Throws the error of an invalid request.
  func delete(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) throws(GraphError) {
    try checkPreconditions(exchange)
    session.profiles.delete(owner, by: caller) { [responses] in responses.finish(exchange, removed: $0) }
  }

  /// Throws the error 412 when a precondition fails (RFC 9110 section 13.1). A profile has no entity tag, so none
  /// matches; it always exists, so `*` matches.
  private func checkPreconditions(_ exchange: Exchange) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    if let tags = preconditions.ifMatch, tags != .any { throw GraphError(.preconditionFailed) }
    if preconditions.ifNoneMatch == .any { throw GraphError(.preconditionFailed) }
  }

  private func finish(
    _ exchange: Exchange, _ profile: Result<ProfileView, ProfileError>, by caller: Caller,
    collections: [ExpandedCollection], showsID: Bool
  ) {
    responses.onSuccess(of: profile, exchange) { view in
      let encoder = responses.encoder(exchange)
      let source = ProfileBodySource(
        session: session, encoder: encoder, view: view,
        opening: encoder.profileOpening(of: view.owner, exchange.options, showsID: showsID),
        collections: collections,
        links: ExpansionLinks(exchange.request, caller, requests.settings.pageTokenCipher),
        cancellation: exchange.request.cancellation)
      responses.finish(exchange, ResponseFinisher.itemHeaders, from: source)
    }
  }

  /// The collections that a response shows: the selected and expanded ones, or else all, as in Graph's published
  /// responses.
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
