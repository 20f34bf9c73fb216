import OData

/// Reads the computed properties of one person: collection by collection, the items that the caller may see, in the order
/// that the tenant gave to their sources. The session's thread owns it.
final class ProjectedRead {
  private let context: SessionContext
  private let id: UserID
  private let user: VisibleObject
  private let caller: Caller
  private let then: Completion<VisibleObject>
  private let projections: [(property: Property, projection: UserProjection)]
  private var collections: [NavigationProperty]
  private var computed: [(property: Property, value: Value)] = []

  /// A read of these properties, which are added to the person.
  init(
    _ context: SessionContext, of id: UserID, _ user: VisibleObject, _ properties: [Property], by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    self.context = context
    self.id = id
    self.user = user
    self.caller = caller
    self.then = then
    projections = properties.compactMap { property in UserProjection.of(property).map { (property, $0) } }
    let names = Set(projections.map(\.projection.collection))
    collections = ProfileModel.collections.filter { names.contains($0.name) }
  }

  /// Reads everything and answers.
  func run() {
    // A person of another tenant has no properties that could be selected, so that the view needs no further look-up.
    context.people.decision(on: id, by: caller) { [self] decision in
      decision.onSuccess(orFail: then) { decision in
        context.reader.tenant(caller.tenant) { [self] settings in
          settings.mapError(ProfileError.store).onSuccess(orFail: then) { settings in
            let view = ProfileView(owner: id, caller: caller, decision: decision)
            readNext(of: view, settings?.people ?? PeopleSettings())
          }
        }
      }
    }
  }

  private func readNext(of view: ProfileView, _ settings: PeopleSettings) {
    guard let collection = collections.popLast() else { return then(.success(user.adding(computed))) }
    ProfileOperations(context: context).listItems(of: view, in: collection) { [self] page in
      take(page, of: view, collection, [], settings)
    }
  }

  private func take(
    _ page: Result<ItemPage, ProfileError>, of view: ProfileView, _ collection: NavigationProperty,
    _ items: [VisibleItem], _ settings: PeopleSettings
  ) {
    page.onSuccess(orFail: then) { [self] page in
      let items = items + page.items
      guard let next = page.next else {
        let ordered = settings.inOrder(items)
        for (property, projection) in projections where projection.collection == collection.name {
          computed.append((property, projection.value(of: ordered)))
        }
        return readNext(of: view, settings)
      }
      ProfileOperations(context: context).continueList(next) { [self] page in
        take(page, of: view, collection, items, settings)
      }
    }
  }
}
