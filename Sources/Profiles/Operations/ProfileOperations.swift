public import OData

/// Operations on profiles as a whole: opening one, reading its collections, emptying it.
public struct ProfileOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }

  /// Finds the person whose profile is asked for and decides what the caller may see of it.
  ///
  /// A person of another tenant exists only while one of their items is visible, in whatever collection.
  public func open(
    _ reference: OwnerReference, for purpose: ProfileView.Purpose = .read, by caller: Caller,
    _ then: @escaping Completion<ProfileView>
  ) {
    context.people.decision(on: reference, for: purpose == .read ? .readProfile : .writeProfile, by: caller) { person in
      then(
        person.flatMap { user, decision in
          // Nobody writes across tenants, whatever is visible.
          guard purpose == .read || decision.mayWrite else { return .failure(.deniedForRole(isDirectory: false)) }
          return .success(ProfileView(owner: user, caller: caller))
        })
    }
  }

  /// Empties a profile: deletes the items that the caller may see.
  public func delete(_ reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Void>) {
    context.people.withPerson(reference, for: .writeProfile, by: caller, then) { [context] id, then in
      let operation = DeleteProfile(user: id, stamp: context.stamp(caller))
      context.provisioning.retry(caller, as: id, { context.submit(operation, $0) }) { then($0.map { _ in }) }
    }
  }

  /// Reads the first page of a collection, at most `Limits.loopRowsMax` items. `continueList` reads the next one.
  public func listItems(
    of view: ProfileView, in collection: NavigationProperty, _ then: @escaping Completion<ItemPage>
  ) {
    page(of: view, collection, after: nil, limit: Limits.loopRowsMax, then)
  }

  /// Reads the next page of a list, off the session's thread when it is large.
  public func continueList(_ cursor: ItemCursor, _ then: @escaping Completion<ItemPage>) {
    page(of: cursor.view, cursor.collection, after: cursor.position, limit: Limits.pieceRowsMax, then)
  }

  /// Reads one page of the items that match a query, among those that the caller may see.
  public func listItems(
    of view: ProfileView, in collection: NavigationProperty, _ query: ListQuery,
    _ then: @escaping Completion<Listing<VisibleItem>>
  ) {
    scan(view, collection, query) { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(
          countAll: { countAll(view, collection, $0) },
          readAgain: { [self] references, then in readAgain(references, of: view, in: collection, then) }, then)
      }
    }
  }

  /// Counts the items of a collection that match a query, among those that the caller may see.
  func countItems(
    of view: ProfileView, in collection: NavigationProperty, _ query: ListQuery, _ then: @escaping Completion<Int>
  ) {
    guard query.isSelective else {
      return countAll(view, collection) { then($0.mapError(ProfileError.store)) }
    }
    listItems(of: view, in: collection, query.counting) { then($0.map { $0.count ?? 0 }) }
  }

  /// Reads items of a page that was chosen before, as far as the caller may see them now.
  private func readAgain(
    _ references: ArraySlice<ListReference>, of view: ProfileView, in collection: NavigationProperty,
    _ then: @escaping Completion<[VisibleItem]>
  ) {
    ResultCollector.read(references, from: reader, then) { [self] reference, then in
      guard let id = ItemID(reference.id) else { return then(.success(nil)) }
      let key = ItemKey(user: view.owner, collection: collection.name, id: id)
      reader.item(key, for: AuthorizationContext(of: view.caller)) { found in
        then(
          found.map { found in
            found.flatMap {
              AccessDecision(of: view.caller, to: view.owner, $0.owner).visible($0.item, of: collection.target)
            }
          })
      }
    }
  }

  private func scan(
    _ view: ProfileView, _ collection: NavigationProperty, _ query: ListQuery,
    _ then: @escaping Completion<PageBuilder<VisibleItem>>
  ) {
    // In the list's own order a page begins where the one before ended; in another order all items must be looked at.
    let start = query.ordering == nil ? query.after.flatMap { ItemPosition($0) } : nil
    let scan = ListScan(
      context, for: view.caller,
      PageBuilder<VisibleItem>(query, isInOrder: query.ordering == nil, now: context.environment.now()),
      read: { [self] position, rows, then in
        page(of: view, collection, after: position, limit: rows) { page in
          then(page.map { ($0.items, $0.next?.position) })
        }
      }, then)
    scan.run(after: start, rows: query.firstRows)
  }

  private func countAll(
    _ view: ProfileView, _ collection: NavigationProperty, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    reader.count(of: view.owner, in: collection.name, for: AuthorizationContext(of: view.caller), then)
  }

  private func page(
    of view: ProfileView, _ collection: NavigationProperty, after position: ItemPosition?, limit: Int,
    _ then: @escaping Completion<ItemPage>
  ) {
    let authorization = AuthorizationContext(of: view.caller)
    reader.items(of: view.owner, in: collection.name, for: authorization, after: position, limit: limit) { found in
      found.onSuccess(orFail: then) { found in
        let page = found.page
        // The person may have been deleted since, and the id given to somebody else.
        let decision = found.owner.map { AccessDecision(of: view.caller, to: view.owner, $0) }
        let last = page.isLast ? nil : page.elements.last.map { ItemPosition(of: $0) }
        let next = last.map { ItemCursor(view: view, collection: collection, position: $0) }
        var visible: [VisibleItem] = []
        visible.reserveCapacity(page.elements.count)
        for index in page.elements.indices {
          if let item = decision?.visible(page.elements[index], of: collection.target) { visible.append(item) }
        }
        then(.success(ItemPage(owner: view.owner, items: visible, next: next)))
      }
    }
  }
}
