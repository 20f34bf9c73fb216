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
          return .success(ProfileView(owner: user, caller: caller, decision: decision))
        })
    }
  }

  /// Finds the person whose list is asked for, as `open` does. Of the caller's own profile nothing is read: whether they exist
  /// is found out with the list.
  func openList(of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<ProfileView>) {
    context.people.withPerson(reference, for: .readProfile, by: caller, then) { [self] id, then in
      guard caller.userID != id else { return then(.success(ProfileView(owner: id, caller: caller, decision: nil))) }
      confirm(ProfileView(owner: id, caller: caller, decision: nil), then)
    }
  }

  /// The view with what is decided now. Fails with `userNotFound` where the person does not exist for the caller. Adds the
  /// caller on their own first call, where the policy of their tenant allows it.
  private func confirm(_ view: ProfileView, _ then: @escaping Completion<ProfileView>) {
    context.people.decision(on: view.owner, by: view.caller) { decision in
      then(decision.map { ProfileView(owner: view.owner, caller: view.caller, decision: $0) })
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
    page(of: cursor.view, cursor.collection, after: cursor.position, limit: reader.listReads.nextRows, then)
  }

  /// Reads one page of the items that match a query, among those that the caller may see.
  public func listItems(
    of view: ProfileView, in collection: NavigationProperty, _ query: ListQuery,
    _ then: @escaping Completion<Listing<VisibleItem>>
  ) {
    // In the list's own order a page begins where the one before ended; in another order all items must be looked at.
    let start = query.ordering == nil ? query.after.flatMap { ItemPosition($0) } : nil
    let reads = reader.listReads
    let condition =
      reads.areNarrowed ? query.filter.flatMap { ItemCondition(impliedBy: $0, of: collection.target) } : nil
    // Once something was read it is known what to expect.
    var view = view
    let scan = ListScan(
      context, for: view.caller,
      PageBuilder<VisibleItem>(query, isInOrder: query.ordering == nil, now: context.environment.now()),
      nextRows: reads.nextRows,
      read: { [self] position, rows, then in
        page(of: view, collection, after: position, limit: rows, where: condition) { page in
          if case .success(let page) = page { view = page.view }
          then(page.map { ($0.items, $0.next?.position) })
        }
      }
    ) { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        let view = view
        builder.finish(
          pieceBytes: reads.pieceBytes, countAll: { countAll(view, collection, $0) },
          readAgain: { [self] references, then in readAgain(references, of: view, in: collection, then) }, then)
      }
    }
    scan.run(after: start, rows: query.firstRows(of: reads, isNarrowed: condition != nil))
  }

  /// Counts the items of a collection that match a query, among those that the caller may see.
  func countItems(
    of view: ProfileView, in collection: NavigationProperty, _ query: ListQuery, _ then: @escaping Completion<Int>
  ) {
    guard !query.isSelective else {
      return listItems(of: view, in: collection, query.counting) { then($0.map { $0.count ?? 0 }) }
    }
    countAll(view, collection) { [self] count in
      // Who has no item may be nobody.
      guard case .success(0) = count, view.decision == nil else { return then(count.mapError(ProfileError.store)) }
      confirm(view) { then($0.map { _ in 0 }) }
    }
  }

  /// Reads items of a page that was chosen before, as far as the caller may see them now.
  private func readAgain(
    _ references: ArraySlice<ListReference>, of view: ProfileView, in collection: NavigationProperty,
    _ then: @escaping Completion<[VisibleItem]>
  ) {
    let ids = references.compactMap { ItemID($0.id) }
    reader.items(
      ids, of: view.owner, in: collection.name, for: AuthorizationContext(of: view.caller),
      expecting: view.expected(in: collection)
    ) { found in
      then(
        found.mapError(ProfileError.store).map { found in
          var visible: [ItemID: VisibleItem] = [:]
          for found in found {
            let decision = AccessDecision(of: view.caller, to: view.owner, found.owner)
            visible[found.item.key.id] = decision.visible(found.item, of: collection.target)
          }
          return ids.compactMap { visible[$0] }
        })
    }
  }

  private func countAll(
    _ view: ProfileView, _ collection: NavigationProperty, _ then: @escaping (Result<Int, StoreError>) -> Void
  ) {
    reader.count(
      of: view.owner, in: collection.name, for: AuthorizationContext(of: view.caller),
      expecting: view.expected(in: collection), then)
  }

  private func page(
    of view: ProfileView, _ collection: NavigationProperty, after position: ItemPosition?, limit: Int,
    where condition: ItemCondition? = nil, _ then: @escaping Completion<ItemPage>
  ) {
    let authorization = AuthorizationContext(of: view.caller)
    let selection = ItemSelection(
      after: position, limit: limit, where: condition, expecting: view.expected(in: collection))
    reader.items(of: view.owner, in: collection.name, for: authorization, selection) { [self] found in
      found.onSuccess(orFail: then) { found in
        let page = found.page
        // The person may have been deleted since, and the id given to somebody else.
        let decision = found.owner.map { AccessDecision(of: view.caller, to: view.owner, $0) }
        guard view.decision != nil || decision?.seesPerson == true else {
          return confirm(view) { [self] view in
            view.onSuccess(orFail: then) { view in
              self.page(of: view, collection, after: position, limit: limit, where: condition, then)
            }
          }
        }
        let view = view.decision == nil ? ProfileView(owner: view.owner, caller: view.caller, decision: decision) : view
        let last = page.isLast ? nil : page.elements.last.map { ItemPosition(of: $0) }
        let next = last.map { ItemCursor(view: view, collection: collection, position: $0) }
        var visible: [VisibleItem] = []
        visible.reserveCapacity(page.elements.count)
        for index in page.elements.indices {
          if let item = decision?.visible(page.elements[index], of: collection.target) { visible.append(item) }
        }
        then(.success(ItemPage(view: view, items: visible, next: next)))
      }
    }
  }
}
