import OData

/// Operations on people and groups alike, by their ids.
public struct DirectoryObjectOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }

  /// What may be asked for by ids.
  public enum Kind: Sendable {
    case people, groups
  }

  /// Reads the person or else the group with an id, as far as the caller's permissions go.
  public func read(_ id: UserID, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    UserOperations(context: context).read(.id(id), by: caller) { [context] person in
      switch person {
      case .failure(.userNotFound), .failure(.insufficientPermissions):
        guard let group = GroupID(id.text) else { return then(person) }
        GroupOperations(context: context).read(group, by: caller) { group in
          guard case .failure(let error) = group else { return then(group.map { $0.listed(as: ProfileModel.user) }) }
          then(Self.failure(person, error))
        }
      default: then(person)
      }
    }
  }

  /// What is answered when neither a person nor a group was found. What the caller's permissions reach does not exist then;
  /// where they reach neither, all that would do are named.
  private static func failure(
    _ person: Result<VisibleObject, ProfileError>, _ group: ProfileError
  ) -> Result<VisibleObject, ProfileError> {
    switch (person, group) {
    case (.failure(.insufficientPermissions(let forPeople, _)), .insufficientPermissions(let forGroups, _)):
      .failure(.insufficientPermissions(forPeople + forGroups.filter { !forPeople.contains($0) }, isDirectory: true))
    case (.failure, .groupNotFound), (.failure, .insufficientPermissions): .failure(.userNotFound)
    case (_, let error): .failure(error)
    }
  }

  /// Reads the people and groups with these ids, in the order in which they are asked for, as far as the caller's
  /// permissions go; without those of other kinds, and without what does not exist. Fails when the caller may read none of
  /// the kinds, and with `answerTooLarge` when they hold more than `Limits.foundBytesMax` in all.
  public func read(
    _ ids: [UserID], of kinds: [Kind], by caller: Caller, _ then: @escaping Completion<[VisibleObject]>
  ) {
    permitted(kinds, by: caller) { [self] permitted in
      permitted.onSuccess(orFail: then) { permitted in
        context.authorization.withheld(from: caller) { [self] withheld in
          withheld.onSuccess(orFail: then) { withheld in
            SlicedRead.run(
              context, ids,
              read: { [self] id, then in find(id, permitted, caller, withholding: withheld, then) },
              check: { found throws(ProfileError) in
                guard found.reduce(0, { $0 + $1.json.count }) <= Limits.foundBytesMax else { throw .answerTooLarge }
              }, then)
          }
        }
      }
    }
  }

  private func find(
    _ id: UserID, _ kinds: [Kind], _ caller: Caller, withholding withheld: WithheldProperties,
    _ then: @escaping (Result<VisibleObject?, StoreError>) -> Void
  ) {
    guard kinds.contains(.people) else { return findGroup(id, kinds, caller, then) }
    reader.user(id) { [self] found in
      switch found {
      case .success(let user?):
        let decision = AccessDecision(of: caller, to: id, user.asOwner)
        if let visible = decision.visible(user, to: caller, withholding: withheld) {
          return then(.success(visible))
        }
        findGroup(id, kinds, caller, then)
      case .success(nil): findGroup(id, kinds, caller, then)
      case .failure(let error): then(.failure(error))
      }
    }
  }

  private func findGroup(
    _ id: UserID, _ kinds: [Kind], _ caller: Caller, _ then: @escaping (Result<VisibleObject?, StoreError>) -> Void
  ) {
    guard kinds.contains(.groups), let group = GroupID(id.text) else { return then(.success(nil)) }
    reader.group(group) { found in
      // Queries about people and groups together are about the properties of people.
      then(found.map { $0.flatMap { AccessDecision.visible($0, to: caller)?.listed(as: ProfileModel.user) } })
    }
  }

  /// Those of the kinds that the caller may read. Fails with the refusal of the first one when that is none.
  private func permitted(_ kinds: [Kind], by caller: Caller, _ then: @escaping Completion<[Kind]>) {
    permitted(kinds[...], [], nil, by: caller, then)
  }

  private func permitted(
    _ kinds: ArraySlice<Kind>, _ found: [Kind], _ refusal: ProfileError?, by caller: Caller,
    _ then: @escaping Completion<[Kind]>
  ) {
    guard let kind = kinds.first else {
      guard found.isEmpty, let refusal else { return then(.success(found)) }
      return then(.failure(refusal))
    }
    context.authorization.authorize(kind == .people ? .listUsers : .readGroups, by: caller) { [self] authorized in
      switch authorized {
      case .success: permitted(kinds.dropFirst(), found + [kind], refusal, by: caller, then)
      case .failure(let error): permitted(kinds.dropFirst(), found, refusal ?? error, by: caller, then)
      }
    }
  }

  /// Checks that the caller may read groups, which the check of a name for a group takes.
  public func authorizeValidation(by caller: Caller, _ then: @escaping Completion<Void>) {
    context.authorization.authorize(.readGroups, by: caller, then)
  }
}
