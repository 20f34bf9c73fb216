import OData

/// The list of the people and groups in a group, in the order of ids.
struct MemberList {
  private let context: SessionContext
  /// The groups whose people are listed.
  private let sources: [GroupID]
  /// The groups that are listed themselves, in the order of their ids.
  private let listed: [GroupID]
  private let caller: Caller
  /// What the policy withholds from the caller.
  private let withheld: WithheldProperties

  /// The list of the people in `group` and in `nested`, and of the groups `listed`, as far as the caller sees them.
  init(
    _ context: SessionContext, _ group: GroupID, _ nested: [GroupID], listing listed: [GroupID], _ caller: Caller,
    withholding withheld: WithheldProperties
  ) {
    self.context = context
    sources = [group] + nested
    self.listed = listed
    self.caller = caller
    self.withheld = withheld
  }

  /// A person as a member, as far as the caller sees them.
  static func visible(
    _ user: StoredUser, to caller: Caller, withholding withheld: WithheldProperties
  ) -> VisibleObject? {
    AccessDecision(of: caller, to: user.id, user.asOwner).visibleMember(user, to: caller, withholding: withheld)
  }

  /// Reads one page of the list.
  func list(_ query: ListQuery, _ then: @escaping Completion<Listing<VisibleObject>>) {
    var merge: MemberMerge?
    ListScan.runInKeyOrder(context, query, for: caller) { [self] position, rows, then in
      guard sources.count > 1 else { return piece(after: position?.idText, rows, then) }
      let people = merge ?? MemberMerge(context, of: sources, after: position?.idText)
      merge = people
      people.next(rows) { [self] found in
        found.onSuccess(orFail: then) {
          complete($0.people, until: $0.end, after: position?.idText, giveBack: people.giveBack, then)
        }
      }
    } then: { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(countAll: count, readAgain: { [self] references, then in readAgain(references, then) }, then)
      }
    }
  }

  /// One piece of the list of one group.
  private func piece(
    after id: String?, _ rows: Int, _ then: @escaping Completion<ListScan<VisibleObject, KeysetPosition>.Piece>
  ) {
    context.reader.members(of: sources[0], after: id, limit: rows) { [self] found in
      // What is given back is read again.
      found.onSuccess(orFail: then) { page in
        let end = page.isLast ? nil : page.elements.last?.id.text
        complete(page.elements, until: end, after: id, giveBack: { _ in }, then)
      }
    }
  }

  /// Adds to people who were read the groups among them, at most `Limits.loopRowsMax`: where there are more, the piece ends
  /// with these, and the people behind them are given back.
  private func complete(
    _ people: [StoredUser], until end: String?, after id: String?, giveBack: ([StoredUser]) -> Void,
    _ then: @escaping Completion<ListScan<VisibleObject, KeysetPosition>.Piece>
  ) {
    var (people, end) = (people, end)
    var groups = listed.filter { group in
      (id.map { $0.utf8.lexicographicallyPrecedes(group.text.utf8) } ?? true)
        && (end.map { !$0.utf8.lexicographicallyPrecedes(group.text.utf8) } ?? true)
    }
    if groups.count > Limits.loopRowsMax {
      groups = Array(groups.prefix(Limits.loopRowsMax))
      let last = groups.last?.text
      end = last
      let known = people.prefix { user in last.map { !$0.utf8.lexicographicallyPrecedes(user.id.text.utf8) } ?? true }
      giveBack(Array(people.dropFirst(known.count)))
      people = Array(known)
    }
    let next = end.map { KeysetPosition(id: $0) }
    let visible = people.compactMap { Self.visible($0, to: caller, withholding: withheld) }
    guard !groups.isEmpty else { return then(.success((visible, next))) }
    SlicedRead.run(context, groups, read: context.reader.group) { [self] found in
      then(
        found.map { found in
          let both = visible + found.compactMap(self.visible)
          return (both.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }, next)
        })
    }
  }

  /// A group among people is queried by the properties of these.
  private func visible(_ group: StoredGroup) -> VisibleObject? {
    AccessDecision.visible(group, to: caller)?.listed(as: ProfileModel.user)
  }

  private func count(_ then: @escaping (Result<Int, StoreError>) -> Void) {
    guard sources.count > 1 else {
      return context.reader.countMembers(of: sources[0]) { then($0.map { $0 + listed.count }) }
    }
    count(MemberMerge(context, of: sources, after: nil), listed.count, then)
  }

  private func count(_ people: MemberMerge, _ found: Int, _ then: @escaping (Result<Int, StoreError>) -> Void) {
    people.next(Limits.pieceRowsMax) { [self] piece in
      switch piece {
      case .success(let piece) where piece.end == nil: then(.success(found + piece.people.count))
      case .success(let piece): context.afterOthers { [self] in count(people, found + piece.people.count, then) }
      case .failure(.store(let error)): then(.failure(error))
      case .failure: then(.failure(.failed("A count failed.")))
      }
    }
  }

  /// Reads members of a page that was chosen before, as far as the caller may see them now.
  private func readAgain(_ references: ArraySlice<ListReference>, _ then: @escaping Completion<[VisibleObject]>) {
    let reader = context.reader
    let known = Set(listed)
    let read: (ListReference, @escaping (Result<VisibleObject?, StoreError>) -> Void) -> Void = {
      [self] reference, then in
      if let group = GroupID(reference.id), known.contains(group) {
        reader.group(group) { then($0.map { $0.flatMap(self.visible) }) }
      } else if let user = UserID(reference.id) {
        reader.user(user) { then($0.map { $0.flatMap { Self.visible($0, to: caller, withholding: withheld) } }) }
      } else {
        then(.success(nil))
      }
    }
    SlicedRead.run(context, Array(references), read: read, then)
  }
}
