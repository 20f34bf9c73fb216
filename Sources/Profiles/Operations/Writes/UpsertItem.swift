import OData

/// Updates an item or, where there is none, creates it under an id of the client's choice (OData 4.01 part 1 section
/// 11.4.4; Graph's guideline on upserts). Only for the owner and for applications of the tenant: they see every item,
/// so that the answer reveals nothing about an id. For everybody else the item does not exist, whether it is stored or
/// not.
struct UpsertItem: ItemOperation {
  private let creation: CreateItem
  private let update: StructuredPatch
  /// The stamp of an update. Its version differs from the creation's, which tells an update from a creation.
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

  /// Whether the outcome is a new item.
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
    // If-Match requires an item that exists (RFC 9110 section 13.1.1).
    guard preconditions.ifMatch == nil else { throw .itemNotFound }
    return try creation.change(state)
  }
}
