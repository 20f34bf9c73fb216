public import OData

/// Operations on what a tenant decided about its people. A setting is a navigation property of `peopleAdminSettings`.
public struct PeopleSettingsOperations {
  let context: SessionContext

  // MARK: Reads

  /// Reads the settings as a whole, which have no property but their key.
  public func read(by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    settings(for: .readPeopleSettings, by: caller) { settings in
      then(
        settings.flatMap { _ in
          Self.visible(StructuredValue(of: ProfileModel.peopleAdminSettings), ProfileModel.peopleAdminSettings, caller)
        })
    }
  }

  /// Reads the value of a setting with a key, or the one value of a single-valued setting.
  public func read(
    _ setting: NavigationProperty, _ key: ResourcePath.Key?, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    settings(for: .readPeopleSettings, by: caller) { settings in
      then(settings.flatMap { Self.found(setting, key, $0, caller) })
    }
  }

  /// Reads one page of the values of a setting that match a query, by their ids unless it asks for another order.
  public func list(
    _ setting: NavigationProperty, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    settings(for: .readPeopleSettings, by: caller) { [context] settings in
      settings.onSuccess(orFail: then) { settings in
        let visible = settings.people[setting].compactMap {
          AccessDecision.visible($0, of: setting.target, in: settings.id, to: caller)
        }
        ListScan.run(context, query, for: caller, { $0(.success(visible.inOrder)) }, then)
      }
    }
  }

  private func settings(
    for access: RequiredPermissions, by caller: Caller, _ then: @escaping Completion<TenantSettings>
  ) {
    context.authorization.authorize(access, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) {
        context.reader.tenant(caller.tenant) { found in
          then(found.mapError(ProfileError.store).flatMap { $0.map { .success($0) } ?? .failure(.unknownTenant) })
        }
      }
    }
  }

  // MARK: Writes

  /// Adds a value to a setting.
  public func create(
    _ patch: StructuredPatch, in setting: NavigationProperty, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    let id = Self.givenID(patch, setting) ?? context.environment.makeID().text
    write(setting, .create(id: id, patch), .none, by: caller) {
      then($0.flatMap { Self.found(setting, ResourcePath.Key(value: id), $0, caller) })
    }
  }

  /// Changes the value of a setting with a key, or the one value of a single-valued setting.
  public func update(
    _ setting: NavigationProperty, _ key: ResourcePath.Key?, _ patch: StructuredPatch, preconditions: Preconditions,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    write(setting, .update(key, patch), preconditions, by: caller) {
      then($0.flatMap { Self.found(setting, key, $0, caller) })
    }
  }

  /// Takes the value with a key out of a setting.
  public func delete(
    _ key: ResourcePath.Key, from setting: NavigationProperty, preconditions: Preconditions, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    write(setting, .delete(key), preconditions, by: caller) { then($0.map { _ in }) }
  }

  private func write(
    _ setting: NavigationProperty, _ verb: WritePeopleSetting.Verb, _ preconditions: Preconditions, by caller: Caller,
    _ then: @escaping Completion<TenantSettings>
  ) {
    context.authorization.authorize(.managePeopleSettings, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) {
        context.submit(
          WritePeopleSetting(
            stamp: context.stamp(caller), setting: setting, verb: verb, preconditions: preconditions), then)
      }
    }
  }

  /// The id that a body gives to what it creates: the name of a property on profile cards is its id; everything else gets one
  /// of the server's choice.
  private static func givenID(_ patch: StructuredPatch, _ setting: NavigationProperty) -> String? {
    guard setting === PeopleSettings.cardProperties,
      let property = setting.target.property(named: "directoryPropertyName"),
      case .value(.string(let name)) = patch.members[property.index]
    else { return nil }
    return name
  }

  // MARK: What the caller sees

  private static func found(
    _ setting: NavigationProperty, _ key: ResourcePath.Key?, _ settings: TenantSettings, _ caller: Caller
  ) -> Result<VisibleObject, ProfileError> {
    guard let index = key.map({ settings.people.index(of: $0, in: setting) }) ?? 0 else {
      return .failure(.settingNotFound)
    }
    return visible(settings.people[setting][index], setting.target, caller)
  }

  private static func visible(
    _ value: StructuredValue, _ type: StructuredType, _ caller: Caller
  ) -> Result<VisibleObject, ProfileError> {
    AccessDecision.visible(value, of: type, in: caller.tenant, to: caller).map { .success($0) }
      ?? .failure(.settingNotFound)
  }
}
