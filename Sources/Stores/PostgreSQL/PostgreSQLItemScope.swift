import Profiles

/// Which items of a person a statement may read.
enum PostgreSQLItemScope: Equatable {
  /// All.
  case all
  /// All, if the person belongs to this tenant; otherwise none is read. With it, what a person asks of their own items takes
  /// one round trip, and takes somebody else as long who has the same id in another tenant, whatever the person holds.
  case ofPerson(in: TenantID)
  /// Those for any of these audiences.
  case visible(Audience)

  /// What `AuthorizationContext.audiences` gave: nil for all items.
  init(_ audiences: Audience?) { self = audiences.map(PostgreSQLItemScope.visible) ?? .all }

  /// What a read can begin with before it is decided what is visible; nil where that must be decided first.
  init?(
    of user: UserID, expected: ExpectedAudiences, _ authorization: AuthorizationContext, isDistributed: Bool
  ) {
    switch (expected, authorization.tenant) {
    case (_, nil), (.all, _): self = .all
    case (.some(let audiences), _): self = .visible(audiences)
    // Where the tables are spread, the condition on another table would be planned anew for each request.
    case (.unknown, let tenant?):
      guard !isDistributed, !authorization.needsOwnerRelation(to: user) else { return nil }
      self = .ofPerson(in: tenant)
    }
  }
}
