public import OData

/// How an expansion shows the managers of people (`$expand=manager`).
public struct ManagerExpansion: Sendable {
  /// How many managers are shown above each person: at most `Limits.managerLevelsMax`.
  let levels: Int
  /// The properties of each manager; nil for all of them.
  let selection: Selection?

  /// Shows so many managers above each person, each with the selected properties.
  public init(levels: Int, selection: Selection?) {
    self.levels = levels
    self.selection = selection
  }
}

/// The managers above a person, as far as the caller may see them.
public indirect enum ReportingLine: Sendable {
  /// Nobody whom the caller may see.
  case nobody
  /// The manager, with those above them, and the properties that are shown of them; nil for all of them.
  case person(VisibleObject, Selection?)
}

/// Operations on the managers of people, and on those who report to them.
public struct ManagerOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }

  /// A manager as the caller sees a member of a group: where they may not read people, the id alone (as on Graph).
  private static func visible(
    _ user: StoredUser, to caller: Caller, withholding withheld: WithheldProperties
  ) -> VisibleObject? {
    AccessDecision(of: caller, to: user.id, user.asOwner).visibleMember(user, to: caller, withholding: withheld)
  }
}

// MARK: Reads

extension ManagerOperations {
  /// Reads the manager of a person. Fails with `managerNotFound` when there is none whom the caller may see.
  public func read(of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    withPerson(reference, by: caller, then) { [self] id, withheld in
      reader.managers(of: [id]) { found in
        found.onSuccess(orFail: then) { managers in
          let manager = managers[id].flatMap { Self.visible($0, to: caller, withholding: withheld) }
          then(manager.map { .success($0) } ?? .failure(.managerNotFound))
        }
      }
    }
  }

  /// Reads one page of the people whose manager a person is.
  public func listReports(
    of reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    withPerson(reference, by: caller, then) { [self] id, withheld in
      let visible: (StoredUser) -> VisibleObject? = { Self.visible($0, to: caller, withholding: withheld) }
      ListScan.runInKeyOrder(context, query, for: caller) { [self] position, rows, then in
        reader.reports(of: id, after: position?.idText, limit: rows) { found in
          then(ListScan.piece(found, id: \.id.text, visible))
        }
      } then: { [self] builder in
        builder.onSuccess(orFail: then) { builder in
          builder.finish(
            countAll: { then in reader.reports(of: [id]) { then($0.map(\.count)) } },
            readAgain: { [context] in UserOperations(context: context).readAgain($0, $1, visible) }, then)
        }
      }
    }
  }

  /// Counts the people below a person: those who report to them, and those who report to these. Fails with
  /// `tooManyReports` beyond `Limits.transitiveReportsMax`.
  public func countTransitiveReports(
    of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Int>
  ) {
    withPerson(reference, by: caller, then) { [self] id, _ in
      count(below: [id], known: [id], then)
    }
  }

  /// Counts level by level. Nobody is counted twice, so that it ends whatever is stored.
  private func count(below people: [UserID], known: Set<UserID>, _ then: @escaping Completion<Int>) {
    reader.reports(of: people) { [self] found in
      found.onSuccess(orFail: then) { reports in
        let next = reports.filter { !known.contains($0) }
        guard !next.isEmpty else { return then(.success(known.count - 1)) }
        let known = known.union(next)
        guard known.count <= Limits.transitiveReportsMax + 1 else { return then(.failure(.tooManyReports)) }
        count(below: Array(Set(next)), known: known, then)
      }
    }
  }

  /// Finds a person of the caller's tenant whose entry the caller may read, and what the policy withholds from the caller.
  private func withPerson<Answer>(
    _ reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, WithheldProperties) -> Void
  ) {
    context.people.decision(on: reference, for: .readUser, by: caller) { [context] person in
      person.onSuccess(orFail: then) { id, decision in
        // Nobody of another tenant is seen here.
        guard decision.seesPerson else { return then(.failure(.userNotFound)) }
        context.authorization.withheld(from: caller) { $0.onSuccess(orFail: then) { body(id, $0) } }
      }
    }
  }
}

// MARK: Expansions

extension ManagerOperations {
  /// Adds the managers to people, level by level, each level in one read.
  func expand(
    _ people: [VisibleObject], _ expansion: ManagerExpansion, for caller: Caller,
    _ then: @escaping Completion<[VisibleObject]>
  ) {
    context.authorization.withheld(from: caller) { [self] withheld in
      withheld.onSuccess(orFail: then) { withheld in
        let ids = people.compactMap { UserID($0.id) }
        chains(above: ids, [:], levels: expansion.levels, for: caller, withholding: withheld) { chains in
          then(
            chains.map { managers in
              people.map { person in
                var person = person
                person.manager = Self.chain(above: person.id, managers, expansion, levels: expansion.levels)
                return person
              }
            })
        }
      }
    }
  }

  /// Finds the managers of people, and those of these. `known` maps whoever was looked up to their manager.
  private func chains(
    above people: [UserID], _ known: [UserID: VisibleObject?], levels: Int, for caller: Caller,
    withholding withheld: WithheldProperties, _ then: @escaping Completion<[UserID: VisibleObject?]>
  ) {
    let next = Array(Set(people.filter { known[$0] == nil }))
    guard levels > 0, !next.isEmpty else { return then(.success(known)) }
    reader.managers(of: next) { [self] found in
      found.onSuccess(orFail: then) { managers in
        var known = known
        for id in next {
          known[id] = .some(managers[id].flatMap { Self.visible($0, to: caller, withholding: withheld) })
        }
        let above = next.compactMap { known[$0]??.id }.compactMap { UserID($0) }
        chains(above: above, known, levels: levels - 1, for: caller, withholding: withheld, then)
      }
    }
  }

  private static func chain(
    above id: String, _ managers: [UserID: VisibleObject?], _ expansion: ManagerExpansion, levels: Int
  ) -> ReportingLine? {
    guard levels > 0, let found = UserID(id).flatMap({ managers[$0] }) else { return nil }
    guard var manager = found else { return .nobody }
    manager.manager = chain(above: manager.id, managers, expansion, levels: levels - 1)
    return .person(manager, expansion.selection)
  }
}

// MARK: Writes

extension ManagerOperations {
  /// Makes somebody the manager of a person, in place of whoever was. Fails with `managerCircle` when they report to the
  /// person, directly or through others.
  public func set(
    _ manager: OwnerReference, of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    context.people.withPerson(reference, for: .administerUser, by: caller, then) { [context] id, then in
      context.people.ids(of: [manager][...], by: caller) { found in
        found.onSuccess(orFail: then) { ids in
          guard let manager = ids.first else { return then(.failure(.userNotFound)) }
          context.submit(SetReportingLine(user: id, manager: manager, stamp: context.stamp(caller))) {
            then($0.map { _ in })
          }
        }
      }
    }
  }

  /// Removes the manager of a person. Fails with `managerNotFound` when there is none.
  public func remove(of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Void>) {
    context.people.withPerson(reference, for: .administerUser, by: caller, then) { [context] id, then in
      context.submit(SetReportingLine(user: id, manager: nil, stamp: context.stamp(caller))) { then($0.map { _ in }) }
    }
  }
}
