import OData

extension ProfileSession {
  /// One page of what is asked for of the caller's tenant's people.
  public func listUsers(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    guard query.ordering == nil || query.skip <= Limits.sortedSkipMax else { return then(.failure(.skipsTooMany)) }
    authorize(.listUsers, by: caller) { [self] authorized in
      guard case .failure(let error) = authorized else {
        return scan(query, for: caller) { [self] filler in
          conclude(filler, query, { [self] in reader.countUsers(in: caller.tenant, $0) }, then) { [self] in
            readUsersAgain($0, $1) { user in AccessDecision(of: caller, to: user.id, user.facts).visible(user, to: caller) }
          }
        }
      }
      then(.failure(error))
    }
  }

  /// Makes a page of what a scan kept, with the number of all where it was asked for.
  func conclude<Element>(
    _ filler: Result<PageBuilder<Element>, ProfileError>, _ query: ListQuery,
    _ countAll: (@escaping (Result<Int, StoreError>) -> Void) -> Void, _ then: @escaping Completion<Listing<Element>>,
    read: @escaping PageRemainder<Element>.Read
  ) {
    switch filler {
    case .failure(let error): then(.failure(error))
    case .success(let filler) where query.countsAll && !query.isSelective:
      countAll { total in then(total.map { filler.listing(total: $0, read: read) }.mapError(ProfileError.store)) }
    case .success(let filler): then(.success(filler.listing(total: nil, read: read)))
    }
  }

  /// Reads people of a page that was chosen before, as far as the caller may see them now.
  func readUsersAgain(
    _ references: ArraySlice<ListReference>, _ then: @escaping Completion<[VisibleObject]>,
    _ visible: @escaping (StoredUser) -> VisibleObject?
  ) {
    readEach(references, then) { [self] reference, then in
      guard let id = UserID(reference.id) else { return then(.success(nil)) }
      reader.user(id) { then($0.map { $0.flatMap(visible) }) }
    }
  }

  /// Counts the people of the caller's tenant that satisfy the query.
  public func countUsers(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Int>) {
    listUsers(query.counting, by: caller) { then($0.map { $0.count ?? 0 }) }
  }

  private func scan(_ query: ListQuery, for caller: Caller, _ then: @escaping Completion<PageBuilder<VisibleObject>>) {
    let selection = UserSelection(query)
    let isInOrder = selection.isInOrder(of: query)
    let rows = query.looksInside ? Limits.loopRowsMax : min(query.skip + query.limit + 1, Limits.loopRowsMax)
    let scan = ListScan(
      self, for: caller, PageBuilder<VisibleObject>(query, isInOrder: isInOrder, now: environment.now()),
      read: { [self] place, rows, then in
        page(selection, for: caller, after: place, limit: rows, then)
      }, then)
    scan.run(after: isInOrder ? query.after : nil, rows: rows, heavy: selection.mayReadEverybody)
  }

  private func page(
    _ selection: UserSelection, for caller: Caller, after place: KeysetPosition?, limit: Int,
    _ then: @escaping Completion<(elements: [VisibleObject], next: KeysetPosition?)>
  ) {
    reader.users(in: caller.tenant, selection, after: place, limit: limit) { found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let page):
        let visible = page.elements.compactMap { user in
          AccessDecision(of: caller, to: user.id, user.facts).visible(user, to: caller)
        }
        then(.success((visible, page.isLast ? nil : page.end ?? page.elements.last.map(selection.place))))
      }
    }
  }
}
