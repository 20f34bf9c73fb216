import OData

extension ProfileSession {
  /// Reads a group of the caller's tenant.
  public func readGroup(_ id: GroupID, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    authorize(.readGroups, by: caller) { [self] authorized in
      if case .failure(let error) = authorized { return then(.failure(error)) }
      reader.group(id) { found in
        then(
          found.mapError(ProfileError.store).flatMap { group in
            group.flatMap { VisibleObject($0, to: caller) }.map { .success($0) } ?? .failure(.groupNotFound)
          })
      }
    }
  }

  /// One page of what is asked for of the groups of the caller's tenant.
  public func listGroups(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    authorize(.readGroups, by: caller) { [self] authorized in
      if case .failure(let error) = authorized { return then(.failure(error)) }
      listGroups(.tenant(caller.tenant), query, caller, then)
    }
  }

  /// The same of the groups that a person is a member of.
  public func listMemberships(
    of reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    person(reference, for: .readMemberships, by: caller) { [self] person in
      switch person {
      case .failure(let error): then(.failure(error))
      // Groups do not leave their tenant.
      case .success((_, let decision)) where !decision.knowsPerson: then(.failure(.userNotFound))
      case .success((let id, _)): listGroups(.member(id), query, caller, then)
      }
    }
  }

  /// The same of the members of a group.
  public func listMembers(
    of id: GroupID, _ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    readGroup(id, by: caller) { [self] group in
      if case .failure(let error) = group { return then(.failure(error)) }
      scan(query, for: caller) { [self] place, rows, then in
        reader.members(of: id, after: place.map(\.idText), limit: rows) { found in
          then(
            Self.piece(found, id: \.id.text) { user in
              AccessDecision(of: caller, to: user.id, user.facts).visibleMember(user, to: caller)
            })
        }
      } then: { [self] filler in
        conclude(filler, query, { [self] in reader.countMembers(of: id, $0) }, then) { [self] in
          readUsersAgain($0, $1) { user in
            AccessDecision(of: caller, to: user.id, user.facts).visibleMember(user, to: caller)
          }
        }
      }
    }
  }

  /// One page of what is asked for of the audit log of a person, newest first unless another order is asked for.
  public func listChanges(
    of reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<(UserID, Listing<VisibleObject>)>
  ) {
    person(reference, for: .readAuditLog, by: caller) { [self] person in
      switch person {
      case .failure(let error): then(.failure(error))
      case .success((let id, let decision)):
        listChanges(of: Viewer(user: id, tenant: caller.tenant), decision, query, caller) { listing in
          then(listing.map { (id, $0) })
        }
      }
    }
  }

  /// The audit log is that of the person in the caller's tenant, whoever has the id elsewhere.
  private func listChanges(
    of person: Viewer, _ decision: AccessDecision, _ query: ListQuery, _ caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    // A row has no key by which it could be read again, so that its page ends where nothing more is kept.
    scan(query, for: caller, canReadAgain: false) { [self] place, rows, then in
      reader.changes(of: person, from: place.flatMap { Int64($0.idText) }, limit: rows) { found in
        then(
          found.mapError(ProfileError.store).map { page in
            let next = page.isLast ? nil : page.elements.last?.older
            return (page.elements.compactMap { VisibleObject($0, decision) }, next.map { Self.place(String($0)) })
          })
      }
    } then: { [self] filler in
      conclude(filler, query, { [self] in reader.countChanges(of: person, $0) }, then) { $1(.success([])) }
    }
  }

  private func listGroups(
    _ scope: GroupScope, _ query: ListQuery, _ caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    scan(query, for: caller) { [self] place, rows, then in
      reader.groups(scope, after: place.map(\.idText), limit: rows) { found in
        then(Self.piece(found, id: \.id.text) { VisibleObject($0, to: caller) })
      }
    } then: { [self] filler in
      conclude(filler, query, { [self] in reader.countGroups(scope, $0) }, then) { [self] references, then in
        readEach(references, then) { [self] reference, then in
          guard let id = GroupID(reference.id) else { return then(.success(nil)) }
          reader.group(id) { then($0.map { $0.flatMap { VisibleObject($0, to: caller) } }) }
        }
      }
    }
  }

  /// Reads a list in the order of its keys, sorting what it finds where another order is asked for.
  private func scan(
    _ query: ListQuery, for caller: Caller, canReadAgain: Bool = true,
    read: @escaping ListScan<VisibleObject, KeysetPosition>.Read, then: @escaping Completion<PageBuilder<VisibleObject>>
  ) {
    guard query.ordering == nil || query.skip <= Limits.sortedSkipMax else { return then(.failure(.skipsTooMany)) }
    let isInOrder = query.ordering == nil
    let rows = query.looksInside ? Limits.loopRowsMax : min(query.skip + query.limit + 1, Limits.loopRowsMax)
    let filler = PageBuilder<VisibleObject>(
      query, isInOrder: isInOrder, canReadAgain: canReadAgain, now: environment.now())
    ListScan(self, for: caller, filler, read: read, then).run(after: isInOrder ? query.after : nil, rows: rows)
  }

  /// What of a page the caller sees, and where the next one begins.
  private static func piece<Row: Sendable>(
    _ page: Result<StoredPage<Row>, StoreError>, id: (Row) -> String, _ visible: (Row) -> VisibleObject?
  ) -> Result<ListScan<VisibleObject, KeysetPosition>.Piece, ProfileError> {
    page.mapError(ProfileError.store).map { page in
      let last = page.isLast ? nil : page.elements.last.map { place(id($0)) }
      return (page.elements.compactMap(visible), last)
    }
  }
}

extension ProfileSession {
  fileprivate static func place(_ id: String) -> KeysetPosition { KeysetPosition(values: [], id: Array(id.utf8)) }
}

extension KeysetPosition {
  fileprivate var idText: String { String(decoding: id, as: UTF8.self) }
}
