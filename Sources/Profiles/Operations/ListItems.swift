import OData

extension ProfileSession {
  /// Reads the first page of a collection, at most `Limits.loopRowsMax` items; `continueList` reads on.
  public func listItems(_ request: CollectionRequest, _ then: @escaping Completion<ItemPage>) {
    owner(request.owner, for: .readProfile, by: request.caller) { [self] owner in
      switch owner {
      case .failure(let error): then(.failure(error))
      case .success(let user):
        person(user, request.caller) { [self] relation in
          switch relation {
          case .failure(let error): then(.failure(error))
          case .success(let relation):
            page(of: user, request.collection, relation, after: nil, limit: Limits.loopRowsMax) { [self] page in
              hidingStranger(page, relation, then)
            }
          }
        }
      }
    }
  }

  /// Reads the next page of a list, off the thread when it is large.
  public func continueList(_ cursor: ItemCursor, _ then: @escaping Completion<ItemPage>) {
    page(
      of: cursor.owner, cursor.collection, cursor.relation, after: cursor.position, limit: Limits.pieceRowsMax, then)
  }

  /// A person of another tenant exists only while something of theirs is visible, so a first page without anything
  /// visible is read on: an empty one would tell that there is more behind it.
  private func hidingStranger(
    _ page: Result<ItemPage, ProfileError>, _ relation: Relation, _ then: @escaping Completion<ItemPage>
  ) {
    guard case .success(let found) = page, !relation.knowsPerson, found.items.isEmpty else { return then(page) }
    guard let next = found.next else { return then(.failure(.userNotFound)) }
    continueList(next) { [self] page in hidingStranger(page, relation, then) }
  }

  private func page(
    of user: UserID, _ collection: NavigationProperty, _ relation: Relation, after position: ItemPosition?,
    limit: Int, _ then: @escaping Completion<ItemPage>
  ) {
    reader.items(of: user, in: collection.name, after: position, limit: limit) { found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let items):
        let isLast = items.count < limit
        let last = items.last.map { ItemPosition(of: $0) }
        let next = last.map { ItemCursor(owner: user, collection: collection, relation: relation, position: $0) }
        let visible = items.compactMap { relation.visible($0, of: collection.target) }
        then(.success(ItemPage(owner: user, items: visible, next: isLast ? nil : next)))
      }
    }
  }
}
