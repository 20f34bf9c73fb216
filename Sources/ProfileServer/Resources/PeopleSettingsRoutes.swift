import NIOHTTP1
import OData
import Profiles

/// Routes of what an organisation decided about its people (Graph pages below `peopleAdminSettings`).
final class PeopleSettingsRoutes: RouteGroup {
  /// Gets the settings as a whole.
  func read(_ exchange: Exchange, _ caller: Caller) {
    session.peopleSettings.read(by: caller) { [self] in finish(exchange, read: $0, nil) }
  }

  // MARK: A single-valued setting

  /// Gets a single-valued setting.
  func read(_ exchange: Exchange, _ setting: NavigationProperty, _ caller: Caller) {
    session.peopleSettings.read(setting, nil, by: caller) { [self] in finish(exchange, read: $0, setting) }
  }

  /// Updates a single-valued setting. Throws the error of an invalid request.
  func update(_ exchange: Exchange, _ setting: NavigationProperty, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .update, setting.target)
    let preconditions = try Preconditions(exchange.request.headers)
    session.peopleSettings.update(setting, nil, patch, preconditions: preconditions, by: caller) { [self] in
      finish(exchange, updated: $0, setting)
    }
  }

  // MARK: A collection

  /// Lists the values of a setting. Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ setting: NavigationProperty, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.peopleSettings.list(setting, page.query, by: caller) { [responses] result in
      responses.onSuccess(of: result, exchange) { listing in
        responses.finish(exchange, listing, page) { $0.settingContext(setting, exchange.options.selection) }
      }
    }
  }

  /// Counts the values of a setting.
  func count(_ exchange: Exchange, _ setting: NavigationProperty, _ caller: Caller) {
    session.peopleSettings.list(setting, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Adds a value to a setting. Throws the error of an invalid request.
  func create(_ exchange: Exchange, _ setting: NavigationProperty, _ caller: Caller) throws(GraphError) {
    let patch = try requests.patch(exchange, .create, setting.target)
    session.peopleSettings.create(patch, in: setting, by: caller) { [responses] result in
      responses.onSuccess(of: result, exchange) { value in
        let encoder = responses.encoder(exchange)
        responses.finish(
          exchange, written: nil, at: encoder.location(of: value, in: setting), usually: .representation
        ) {
          responses.entity(.created, value, encoder.settingContext(setting, exchange), exchange)
        }
      }
    }
  }

  /// Gets a value of a setting. Throws the error of a key that the setting does not have.
  func read(
    _ exchange: Exchange, _ key: ResourcePath.Key, of setting: NavigationProperty, _ caller: Caller
  ) throws(GraphError) {
    try Self.check(key, setting)
    session.peopleSettings.read(setting, key, by: caller) { [self] in finish(exchange, read: $0, setting) }
  }

  /// Updates a value of a setting. Throws the error of an invalid request.
  func update(
    _ exchange: Exchange, _ key: ResourcePath.Key, of setting: NavigationProperty, _ caller: Caller
  ) throws(GraphError) {
    try Self.check(key, setting)
    let patch = try requests.patch(exchange, .update, setting.target)
    let preconditions = try Preconditions(exchange.request.headers)
    session.peopleSettings.update(setting, key, patch, preconditions: preconditions, by: caller) { [self] in
      finish(exchange, updated: $0, setting)
    }
  }

  /// Deletes a value of a setting. Throws the error of an invalid request.
  func delete(
    _ exchange: Exchange, _ key: ResourcePath.Key, of setting: NavigationProperty, _ caller: Caller
  ) throws(GraphError) {
    try Self.check(key, setting)
    let preconditions = try Preconditions(exchange.request.headers)
    session.peopleSettings.delete(key, from: setting, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }

  private static func check(_ key: ResourcePath.Key, _ setting: NavigationProperty) throws(GraphError) {
    guard PeopleSettings.hasKey(key, setting) else { throw GraphError(PathError.unknownKey(key.name ?? "id")) }
  }

  // MARK: Responses

  private func finish(
    _ exchange: Exchange, read result: Result<VisibleObject, ProfileError>, _ setting: NavigationProperty?
  ) {
    responses.onSuccess(of: result, exchange) { value in
      let context = responses.encoder(exchange).settingContext(setting, exchange)
      responses.finish(exchange, responses.entity(.ok, value, context, exchange), ifNotCurrent: nil)
    }
  }

  private func finish(
    _ exchange: Exchange, updated result: Result<VisibleObject, ProfileError>, _ setting: NavigationProperty
  ) {
    responses.onSuccess(of: result, exchange) { value in
      responses.finish(exchange, written: nil, at: nil, usually: .representation) {
        responses.entity(.ok, value, responses.encoder(exchange).settingContext(setting, exchange), exchange)
      }
    }
  }
}

extension ItemEncoder {
  /// The context URL of the value of a setting; of the settings as a whole when it is nil.
  fileprivate func settingContext(_ setting: NavigationProperty?, _ exchange: Exchange) -> String {
    guard let setting else { return settingsContext + (selectionSuffix(exchange, ProfileModel.peopleAdminSettings)) }
    let context = settingContext(setting, exchange.options.selection)
    return setting.isCollection ? context + "/$entity" : context
  }

  private func selectionSuffix(_ exchange: Exchange, _ type: StructuredType) -> String {
    exchange.options.selection.map { $0.contextSuffix(of: type) } ?? ""
  }
}

extension ResourceTable {
  /// What an organisation decided about its people: one resource for each setting, and two more for each collection.
  static let peopleSettings: [Resource.Declaration] =
    [
      .init(
        "/admin/people", "What an organisation decided about its people", of: ProfileModel.peopleAdminSettings,
        tag: "admin",
        [
          .get(
            .readPeopleSettings, "Get what the organisation decided about its people", .entity,
            .service { routes in { routes.peopleSettings.read($0, $1) } })
        ])
    ]
    + ProfileModel.peopleAdminSettings.navigation.flatMap { $0.isCollection ? collection($0) : [single($0)] }

  private static func single(_ setting: NavigationProperty) -> Resource.Declaration {
    .init(
      "/admin/people/\(setting.name)", "The setting \(setting.name)", of: setting.target, tag: "admin",
      [
        .get(
          .readPeopleSettings, "Get the setting \(setting.name)", .entity,
          .service { routes in { routes.peopleSettings.read($0, setting, $1) } }),
        .patch(
          .managePeopleSettings, "Update the setting \(setting.name)", .updated, isConditional: false,
          .service { routes in
            { exchange, caller throws(GraphError) in try routes.peopleSettings.update(exchange, setting, caller) }
          }),
      ])
  }

  private static func collection(_ setting: NavigationProperty) -> [Resource.Declaration] {
    [
      .init(
        "/admin/people/\(setting.name)", "The settings \(setting.name)", of: setting.target, tag: "admin",
        [
          .get(
            .readPeopleSettings, "List \(setting.name)", .list,
            .service { routes in
              { exchange, caller throws(GraphError) in try routes.peopleSettings.list(exchange, setting, caller) }
            }),
          .post(
            .managePeopleSettings, "Add to \(setting.name)", .created, takesIdempotencyKey: false,
            .service { routes in
              { exchange, caller throws(GraphError) in try routes.peopleSettings.create(exchange, setting, caller) }
            }),
        ]),
      .init(
        "/admin/people/\(setting.name)/$count", "The number of \(setting.name)", of: setting.target, tag: "admin",
        [
          .get(
            .readPeopleSettings, "Count \(setting.name)", .count,
            .service { routes in { routes.peopleSettings.count($0, setting, $1) } })
        ]),
      .init(
        "/admin/people/\(setting.name)/{setting-id}", "One of the settings \(setting.name)", of: setting.target,
        tag: "admin",
        [
          .get(
            .readPeopleSettings, "Get one of \(setting.name)", .entity,
            .setting { routes in
              { exchange, key, caller throws(GraphError) in
                try routes.peopleSettings.read(exchange, key, of: setting, caller)
              }
            }),
          .patch(
            .managePeopleSettings, "Update one of \(setting.name)", .updated, isConditional: false,
            .setting { routes in
              { exchange, key, caller throws(GraphError) in
                try routes.peopleSettings.update(exchange, key, of: setting, caller)
              }
            }),
          .delete(
            .managePeopleSettings, "Delete one of \(setting.name)", isConditional: false,
            .setting { routes in
              { exchange, key, caller throws(GraphError) in
                try routes.peopleSettings.delete(exchange, key, of: setting, caller)
              }
            }),
        ]),
    ]
  }
}
