import OData

/// Reads of the audit logs of people.
public struct AuditLogOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }

  /// Reads one page of the rows of a person's audit log that match a query, newest first unless it asks for another
  /// order; with the id of the person.
  public func list(
    of reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<(UserID, Listing<VisibleObject>)>
  ) {
    context.people.decision(on: reference, for: .readAuditLog, by: caller) { [self] person in
      person.onSuccess(orFail: then) { id, decision in
        list(of: TenantUser(user: id, tenant: caller.tenant), decision, query, caller) { listing in
          then(listing.map { (id, $0) })
        }
      }
    }
  }

  /// The audit log is that of the person in the caller's tenant, whoever has the id in another one.
  private func list(
    of person: TenantUser, _ decision: AccessDecision, _ query: ListQuery, _ caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    // Rows have no key by which one could be read again, so that a page ends where no more of it can be kept.
    ListScan.runInKeyOrder(context, query, for: caller, canReadAgain: false) { [self] position, rows, then in
      reader.changes(of: person, from: position.flatMap { Int64($0.idText) }, limit: rows) { found in
        then(
          found.mapError(ProfileError.store).map { page in
            let next = page.isLast ? nil : page.elements.last?.older
            return (
              page.elements.compactMap(decision.visible), next.map { KeysetPosition(id: String($0)) }
            )
          })
      }
    } then: { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(
          countAll: { reader.countChanges(of: person, $0) }, readAgain: { $1(.success([])) }, then)
      }
    }
  }
}
