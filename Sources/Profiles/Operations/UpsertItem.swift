import OData

/// Updates an item or, where there is none, creates it under an id of the client's choice (Graph's guideline on
/// upserts). For the owner and for applications of the tenant only: they see every item, so that what they are told of
/// an id tells nothing new. For everybody else there is no such item, whether it is there or not.
struct UpsertItem: ItemOperation {
  let creation: CreateItem
  let update: StructuredPatch
  let preconditions: Preconditions

  var key: ItemKey { creation.key }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let owner = state.owner else { throw .userNotFound }
    let relation = Relation(of: creation.stamp.caller, to: key.user, in: owner.tenant)
    guard relation.decidingAudiences == nil else { throw relation.knowsPerson ? .itemNotFound : .userNotFound }
    guard state.item == nil else {
      return try UpdateItem(
        key: key, type: creation.type, patch: update, preconditions: preconditions, stamp: creation.stamp
      ).change(state)
    }
    // If-Match asks for an item that is there (RFC 9110 section 13.1.1).
    guard preconditions.ifMatch == nil else { throw .itemNotFound }
    return try creation.change(state)
  }
}
