public import OData

extension ProfileSession {
  /// Reads the first page of a collection, at most `Limits.loopRowsMax` items; `continueList` reads on.
  public func listItems(_ request: CollectionRequest, _ then: @escaping Completion<ItemPage>) {
    openProfile(request.owner, by: request.caller) { [self] view in
      switch view {
      case .failure(let error): then(.failure(error))
      case .success(let view): listItems(of: view, in: request.collection, then)
      }
    }
  }

  /// The same of a person whose profile was opened.
  public func listItems(
    of view: ProfileView, in collection: NavigationProperty, _ then: @escaping Completion<ItemPage>
  ) {
    page(of: view, collection, after: nil, limit: Limits.loopRowsMax, then)
  }

  /// Reads the next page of a list, off the thread when it is large.
  public func continueList(_ cursor: ItemCursor, _ then: @escaping Completion<ItemPage>) {
    page(of: cursor.view, cursor.collection, after: cursor.position, limit: Limits.pieceRowsMax, then)
  }

  /// One page of what is asked for of a collection, of the items that the caller may see.
  public func listItems(
    _ request: CollectionRequest, _ query: ListQuery, _ then: @escaping Completion<(UserID, Listing<VisibleItem>)>
  ) {
    openProfile(request.owner, by: request.caller) { [self] view in
      switch view {
      case .failure(let error): then(.failure(error))
      case .success(let view):
        listItems(of: view, in: request.collection, query) { listing in then(listing.map { (view.owner, $0) }) }
      }
    }
  }

  /// The same of a person whose profile was opened.
  public func listItems(
    of view: ProfileView, in collection: NavigationProperty, _ query: ListQuery,
    _ then: @escaping Completion<Listing<VisibleItem>>
  ) {
    let read: PageRemainder<VisibleItem>.Read = { [self] references, then in
      readAgain(references, of: view, in: collection, then)
    }
    scan(view, collection, query) { [self] filler in
      switch filler {
      case .failure(let error): then(.failure(error))
      case .success(let filler) where query.countsAll && !query.isSelective:
        countAll(view, collection) { total in then(total.map { filler.listing(total: $0, read: read) }) }
      case .success(let filler): then(.success(filler.listing(total: nil, read: read)))
      }
    }
  }

  /// Reads items of a page that was chosen before, as far as the caller may see them now.
  private func readAgain(
    _ references: ArraySlice<ListReference>, of view: ProfileView, in collection: NavigationProperty,
    _ then: @escaping Completion<[VisibleItem]>
  ) {
    readEach(references, then) { [self] reference, then in
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

  /// Reads entities one by one, as of one moment where the store can, and gives those that are there in their order.
  func readEach<Element>(
    _ references: ArraySlice<ListReference>, _ then: @escaping Completion<[Element]>,
    read: (ListReference, @escaping (Result<Element?, StoreError>) -> Void) -> Void
  ) {
    let gathering = ResultCollector<Element>(references.count, then)
    reader.withSnapshot {
      for (place, reference) in references.enumerated() {
        read(reference) { gathering.put($0, at: place) }
      }
    }
  }

  private func scan(
    _ view: ProfileView, _ collection: NavigationProperty, _ query: ListQuery,
    _ then: @escaping Completion<PageBuilder<VisibleItem>>
  ) {
    // In the list's own order a page begins where the one before ended; in another all items must be looked at.
    let start = query.ordering == nil ? query.after.flatMap { ItemPosition($0) } : nil
    let all = query.looksInside ? Limits.loopRowsMax : min(query.skip + query.limit + 1, Limits.loopRowsMax)
    let scan = ListScan(
      self, for: view.caller,
      PageBuilder<VisibleItem>(query, isInOrder: query.ordering == nil, now: environment.now()),
      read: { [self] position, rows, then in
        page(of: view, collection, after: position, limit: rows) { page in
          then(page.map { ($0.items, $0.next?.position) })
        }
      }, then)
    scan.run(after: start, rows: all)
  }

  private func countAll(_ view: ProfileView, _ collection: NavigationProperty, _ then: @escaping Completion<Int>) {
    reader.count(of: view.owner, in: collection.name, for: AuthorizationContext(of: view.caller)) {
      then($0.mapError(ProfileError.store))
    }
  }

  /// Counts the items of a collection that the caller may see and that satisfy the query.
  public func countItems(_ request: CollectionRequest, _ query: ListQuery, _ then: @escaping Completion<Int>) {
    openProfile(request.owner, by: request.caller) { [self] view in
      switch view {
      case .failure(let error): then(.failure(error))
      case .success(let view) where query.isSelective:
        listItems(of: view, in: request.collection, query.counting) { then($0.map { $0.count ?? 0 }) }
      case .success(let view): countAll(view, request.collection, then)
      }
    }
  }

  /// Finds out whose profile is asked for and what the caller may see of it.
  ///
  /// A person of another tenant exists only while one of their items is visible, in whatever collection.
  public func openProfile(
    _ reference: OwnerReference, for purpose: ProfileView.Purpose = .read, by caller: Caller,
    _ then: @escaping Completion<ProfileView>
  ) {
    person(reference, for: purpose == .read ? .readProfile : .writeProfile, by: caller) { person in
      then(
        person.flatMap { user, decision in
          // Nobody writes across tenants, whatever is visible.
          guard purpose == .read || decision.mayWrite else { return .failure(.deniedForRole(isDirectory: false)) }
          return .success(ProfileView(owner: user, caller: caller, decision: decision))
        })
    }
  }

  private func page(
    of view: ProfileView, _ collection: NavigationProperty, after position: ItemPosition?, limit: Int,
    _ then: @escaping Completion<ItemPage>
  ) {
    let authorization = AuthorizationContext(of: view.caller)
    reader.items(of: view.owner, in: collection.name, for: authorization, after: position, limit: limit) { found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let found):
        let page = found.page
        // Whose id it was may be gone, or somebody else's by now.
        let decision = found.owner.map { AccessDecision(of: view.caller, to: view.owner, $0) }
        let last = page.isLast ? nil : page.elements.last.map { ItemPosition(of: $0) }
        let next = last.map { ItemCursor(view: view, collection: collection, position: $0) }
        let visible = page.elements.compactMap { decision?.visible($0, of: collection.target) }
        then(.success(ItemPage(owner: view.owner, items: visible, next: next)))
      }
    }
  }
}

/// What several reads give, until all have answered. Owned by the session's thread.
private final class ResultCollector<Element> {
  private var found: [Element?]
  private var missing: Int
  private var failure: StoreError?
  private let then: (Result<[Element], ProfileError>) -> Void

  init(_ count: Int, _ then: @escaping (Result<[Element], ProfileError>) -> Void) {
    found = Array(repeating: nil, count: count)
    missing = count
    self.then = then
  }

  func put(_ result: Result<Element?, StoreError>, at place: Int) {
    switch result {
    case .success(let element): found[place] = element
    case .failure(let error): failure = failure ?? error
    }
    missing -= 1
    guard missing == 0 else { return }
    then(failure.map { .failure(.store($0)) } ?? .success(found.compactMap { $0 }))
  }
}
