import OData

/// Updates an item or, where there is none, creates it under an id of the client's choice (Graph's guideline on
/// upserts). For the owner and for applications of the tenant only: they see every item, so that what they are told of
/// an id tells nothing new. For everybody else there is no such item, whether it is there or not.
struct UpsertItem: ItemOperation {
  private let creation: CreateItem
  private let update: StructuredPatch
  /// Who updates and when; with a version of its own, by which an update is told from a creation.
  private let updateStamp: WriteStamp
  private let preconditions: Preconditions

  init(creation: CreateItem, update: StructuredPatch, updateStamp: WriteStamp, preconditions: Preconditions) {
    self.creation = creation
    self.update = update
    self.updateStamp = updateStamp
    self.preconditions = preconditions
  }

  var key: ItemKey { creation.key }
  var authorization: AuthorizationContext { creation.authorization }

  /// Whether what became of it is a new item.
  func created(_ outcome: ItemOutcome) -> Bool {
    if case .written(let item) = outcome { item.version == creation.stamp.version } else { false }
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let owner = state.owner else { throw .userNotFound }
    let decision = AccessDecision(of: creation.stamp.caller, to: key.user, owner)
    guard decision.isOwner || decision.isApplicationOfTenant else {
      throw decision.seesPerson ? .itemNotFound : .userNotFound
    }
    guard state.item == nil else {
      return try UpdateItem(
        key: key, type: creation.type, patch: update, preconditions: preconditions, stamp: updateStamp
      ).change(state)
    }
    // If-Match asks for an item that is there (RFC 9110 section 13.1.1).
    guard preconditions.ifMatch == nil else { throw .itemNotFound }
    return try creation.change(state)
  }
}
