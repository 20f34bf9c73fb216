public import OData

/// Whose photo a request is about.
public enum PhotoSubject: Sendable {
  /// A person's.
  case person(OwnerReference)
  /// A group's.
  case group(GroupID)
}

/// Operations on the photos of people and groups.
public struct PhotoOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }
}

// MARK: Reads

extension PhotoOperations {
  /// Reads a photo. Fails with `ProfileError.photoNotFound` where there is none that the caller may see.
  public func read(_ subject: PhotoSubject, by caller: Caller, _ then: @escaping Completion<VisiblePhoto>) {
    switch subject {
    case .person(let reference):
      context.people.withPerson(reference, for: .readPhoto, by: caller, then) { [self] user, then in
        read(of: user, by: caller, then)
      }
    case .group(let id):
      context.authorization.authorize(.readGroupPhoto, by: caller) { [self] authorized in
        authorized.onSuccess(orFail: then) { read(of: id, by: caller, then) }
      }
    }
  }

  /// Reads the photo as one of a list: a store leaves those that are not visible where they are, while it may read a single
  /// item before that is decided. A photo is long enough for the time to tell.
  private func read(of user: UserID, by caller: Caller, _ then: @escaping Completion<VisiblePhoto>) {
    reader.items(
      [PersonPhoto.id], of: user, in: PersonPhoto.collection, for: AuthorizationContext(of: caller), expecting: .unknown
    ) { [self] found in
      found.onSuccess(orFail: then) { found in
        guard let found = found.first,
          let photo = AccessDecision(of: caller, to: user, found.owner).visiblePhoto(found.item)
        else { return failForMissingPhoto(of: user, caller, then) }
        then(.success(photo))
      }
    }
  }

  private func read(of id: GroupID, by caller: Caller, _ then: @escaping Completion<VisiblePhoto>) {
    reader.group(id) { [self] group in
      group.onSuccess(orFail: then) { group in
        guard let group, AccessDecision.visible(group, to: caller) != nil else { return then(.failure(.groupNotFound)) }
        reader.photo(of: id) { photo in
          photo.onSuccess(orFail: then) { photo in
            let visible = photo.flatMap { AccessDecision.visible($0, of: group, to: caller) }
            then(visible.map { .success($0) } ?? .failure(.photoNotFound))
          }
        }
      }
    }
  }

  /// Fails for a photo that is missing or not visible, as for an item.
  private func failForMissingPhoto<Answer>(
    of user: UserID, _ caller: Caller, _ then: @escaping Completion<Answer>
  ) {
    context.people.failForMissingItem(of: user, caller) { (missing: Result<Answer, ProfileError>) in
      then(missing.mapError { $0 == .itemNotFound ? .photoNotFound : $0 })
    }
  }
}

// MARK: Writes

extension PhotoOperations {
  /// Makes a photo of an image and sets it, in place of the one that is there. Answers the version of the photo. The image
  /// is decoded only for those who may write.
  public func put(
    _ image: [UInt8], of subject: PhotoSubject, preconditions: Preconditions, by caller: Caller,
    _ then: @escaping Completion<Version>
  ) {
    switch subject {
    case .person(let reference):
      context.people.decision(on: reference, for: .writePhoto, by: caller) { [self] person in
        person.onSuccess(orFail: then) { user, decision in
          guard decision.mayWrite else { return then(.failure(.deniedForRole(isDirectory: false))) }
          encode(image, by: caller, then) { put($0, of: user, preconditions, caller, then) }
        }
      }
    case .group(let id):
      authorizeWrite(of: id, by: caller) { [self] authorized in
        authorized.onSuccess(orFail: then) {
          encode(image, by: caller, then) { photo in
            let stamp = context.stamp(caller)
            let operation = WriteGroupPhoto(group: id, photo: photo, preconditions: preconditions, stamp: stamp)
            context.submit(operation) { then($0.map { _ in stamp.version }) }
          }
        }
      }
    }
  }

  private func put(
    _ photo: EncodedPhoto, of user: UserID, _ preconditions: Preconditions, _ caller: Caller,
    _ then: @escaping Completion<Version>
  ) {
    let operation = PutPhoto(user: user, photo: photo, preconditions: preconditions, stamp: context.stamp(caller))
    context.submit(operation) { then($0.map { _ in operation.stamp.version }) }
  }

  /// Makes a photo of an image on another thread, then comes back to that of the session.
  private func encode(
    _ image: [UInt8], by caller: Caller, _ fail: @escaping Completion<Version>,
    _ then: @escaping (EncodedPhoto) -> Void
  ) {
    let confined = ThreadConfined(value: (fail, then))
    let resume = context.resume
    context.environment.photoEncoder.encode(image, for: caller) { photo in
      resume {
        let (fail, then) = confined.value
        photo.mapError(ProfileError.photo).onSuccess(orFail: fail, then)
      }
    }
  }

  /// Changes who may see the photo of a person, if the patch sets that. Answers the photo; nil where the change has hidden
  /// it from the caller.
  public func update(
    _ reference: OwnerReference, _ patch: StructuredPatch, preconditions: Preconditions, by caller: Caller,
    _ then: @escaping Completion<VisiblePhoto?>
  ) {
    var shown = StructuredValue(of: ProfileModel.photo)
    _ = patch.apply(to: &shown, of: ProfileModel.photo)
    var audience: Audience?
    if let property = ProfileModel.photo.property(named: "allowedAudiences"), !patch.isAbsent(property),
      case .enumeration(let flags) = shown.members[property.index]
    {
      audience = Audience(rawValue: flags)
    }
    context.people.withPerson(reference, for: .writePhoto, by: caller, then) { [self] user, then in
      let operation = ShowPhoto(
        user: user, audience: audience, preconditions: preconditions, stamp: context.stamp(caller))
      submit(operation, of: user, caller, then) { outcome in
        ItemOperations(context: context).ownerAfterWrite(user, caller, isCommitted: outcome.isCommitted) { owner in
          then(
            owner.map { owner in
              guard let item = outcome.item else { return nil }
              return AccessDecision(of: caller, to: user, owner).visiblePhoto(item)
            })
        }
      }
    }
  }

  /// Deletes a photo.
  public func delete(
    _ subject: PhotoSubject, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    switch subject {
    case .person(let reference):
      context.people.withPerson(reference, for: .writePhoto, by: caller, then) { [self] user, then in
        let operation = DeleteItem(
          key: PersonPhoto.key(of: user), preconditions: preconditions, stamp: context.stamp(caller))
        submit(operation, of: user, caller, then) { _ in then(.success(())) }
      }
    case .group(let id):
      authorizeWrite(of: id, by: caller) { [context] authorized in
        authorized.onSuccess(orFail: then) {
          let operation = WriteGroupPhoto(
            group: id, photo: nil, preconditions: preconditions, stamp: context.stamp(caller))
          context.submit(operation) { then($0.map { _ in }) }
        }
      }
    }
  }

  /// Submits a write of a photo that must be there.
  private func submit<Answer>(
    _ operation: some ItemOperation, of user: UserID, _ caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (ItemOutcome) -> Void
  ) {
    context.submit(operation) { [self] outcome in
      switch outcome {
      case .success(let outcome): body(outcome)
      case .failure(.itemNotFound), .failure(.userNotFound): failForMissingPhoto(of: user, caller, then)
      case .failure(let error): then(.failure(error))
      }
    }
  }

  /// Checks that the caller may write the photo of a group, and that there is such a group: nothing is decoded for one that
  /// the caller does not know of.
  private func authorizeWrite(of id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>) {
    context.authorization.authorize(.manageGroupPhoto, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) {
        reader.group(id) { group in
          group.onSuccess(orFail: then) { group in
            let isVisible = group.flatMap { AccessDecision.visible($0, to: caller) } != nil
            then(isVisible ? .success(()) : .failure(.groupNotFound))
          }
        }
      }
    }
  }
}

extension ItemOutcome {
  /// The item as it is now; nil when it was deleted.
  fileprivate var item: StoredItem? {
    switch self {
    case .written(let item), .unchanged(let item): item
    case .removed: nil
    }
  }
}
