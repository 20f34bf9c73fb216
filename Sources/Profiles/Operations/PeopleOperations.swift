import OData

/// Reads of the people who stand near a person.
public struct PeopleOperations {
  let context: SessionContext

  /// Reads one page of the people who stand near a person and match a query, nearest first unless it asks for another order;
  /// with the id of the person. Only people whom the caller may know of are ranked, by what the caller may see.
  public func list(
    near reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<(UserID, Listing<VisibleObject>)>
  ) {
    context.people.decision(on: reference, for: .readPeople, by: caller) { [self] person in
      person.onSuccess(orFail: then) { id, decision in
        guard decision.seesPerson else { return then(.failure(.userNotFound)) }
        context.authorization.withheld(from: caller) { [self] withheld in
          withheld.onSuccess(orFail: then) { list(near: id, query, by: caller, withholding: $0, then) }
        }
      }
    }
  }

  private func list(
    near id: UserID, _ query: ListQuery, by caller: Caller, withholding withheld: WithheldProperties,
    _ then: @escaping Completion<(UserID, Listing<VisibleObject>)>
  ) {
    do throws(ProfileError) {
      let search = try search(of: query, by: caller)
      ListScan.run(
        context, query.withoutSearch, for: caller, heavy: true,
        { [context] in
          NearbyPeople(of: id, search, query.cancellation, context, caller, withholding: withheld).read($0)
        }
      ) { listing in then(listing.map { (id, $0) }) }
    } catch {
      then(.failure(error))
    }
  }

  /// The search of a query. What looks into items takes a permission to read the profiles of others.
  private func search(of query: ListQuery, by caller: Caller) throws(ProfileError) -> NearbySearch? {
    guard let expression = query.search else { return nil }
    let search = try NearbySearch(expression)
    guard search.itemTerms.isEmpty || caller.readsProfilesOfOthers else {
      throw .insufficientPermissions(RequiredPermissions.readProfile.sufficient(.others), isDirectory: false)
    }
    return search
  }
}

extension Caller {
  /// Whether the token lets the caller read profiles of others, as far as they are visible.
  fileprivate var readsProfilesOfOthers: Bool {
    RequiredPermissions.readProfile.sufficient(.others).contains(where: permissions.contains)
  }
}

/// Finds out who stands near a person, in one pass of reads, each of which is bounded.
///
/// People, and items of others, are trimmed before they count: who may not be known of has no place, and an item that the
/// caller may not read, or lacks the permission to read, gives no points. A person's own items count for themself without a
/// further permission, because they tell the person of nobody whom they did not name.
private final class NearbyPeople {
  private let subject: UserID
  private let search: NearbySearch?
  private let cancellation: RequestCancellation?
  private let context: SessionContext
  private let caller: Caller
  /// What the policy withholds from the caller.
  private let withheld: WithheldProperties
  private var ranking = NearbyRanking()
  /// Those who were found, as they are stored.
  private var people: [UserID: StoredUser] = [:]
  /// Whom items of the person name, with the reason, in the order in which they were found.
  private var named: [(user: UserID, reason: NearbyRanking.Reason)] = []
  /// The folded names of the person's projects.
  private var projects: Set<[UInt8]> = []
  /// The terms of the search that were found in items of people.
  private var found: [UserID: Set<String>] = [:]
  /// The people whose items were read for the search.
  private var searched: Set<UserID> = []
  private var bytesRead = 0
  private var visible: [VisibleObject] = []

  private typealias Step = (@escaping Completion<Void>) -> Void
  private var reader: any ProfileReader { context.reader }

  init(
    of subject: UserID, _ search: NearbySearch?, _ cancellation: RequestCancellation?, _ context: SessionContext,
    _ caller: Caller, withholding withheld: WithheldProperties
  ) {
    self.subject = subject
    self.search = search
    self.cancellation = cancellation
    self.context = context
    self.caller = caller
    self.withheld = withheld
  }

  /// Gives the people in the order of their positions.
  func read(_ then: @escaping Completion<[VisibleObject]>) {
    let steps: [Step] = [
      readGroups, readRelationships, readProjects, readNamed, readProfiles, showNearest,
    ]
    run(steps[...]) { [self] done in then(done.map { visible }) }
  }

  /// Takes steps one after the other. Those that are done at once take turns with other work of the thread.
  private func run(_ steps: ArraySlice<Step>, _ then: @escaping Completion<Void>) {
    let end = ContinuousClock.now + .microseconds(Limits.evaluationSliceMicroseconds)
    var rest = steps
    while let step = rest.popFirst() {
      guard cancellation?.isCancelled != true else { return then(.failure(.cancelled)) }
      var (outcome, isLate): (Result<Void, ProfileError>?, Bool) = (nil, false)
      step { [self] done in
        guard isLate else {
          outcome = done
          return
        }
        done.onSuccess(orFail: then) { run(rest, then) }
      }
      isLate = true
      guard let outcome else { return }
      if case .failure = outcome { return then(outcome) }
      if ContinuousClock.now >= end { return runLater(rest, then) }
    }
    then(.success(()))
  }

  private func runLater(_ steps: ArraySlice<Step>, _ then: @escaping Completion<Void>) {
    let rest = ThreadConfined { [self] in run(steps, then) }
    context.resume { rest.value() }
  }

  // MARK: The nearest

  /// The most people who are shown in one step.
  private static let shownAtOnce = 16

  private func showNearest(_ then: @escaping Completion<Void>) {
    let nearest = ranking.nearest(Limits.nearbyPeopleMax)
    let steps = stride(from: 0, to: nearest.count, by: Self.shownAtOnce).map { start -> Step in
      { [self] then in
        show(nearest[start..<min(start + Self.shownAtOnce, nearest.count)])
        then(.success(()))
      }
    }
    run(steps[...], then)
  }

  private func show(_ users: ArraySlice<UserID>) {
    for id in users {
      guard let user = people[id],
        let person = decision(on: user).visible(user, near: ranking.points(of: id), withholding: withheld)
      else { continue }
      if let search {
        guard search.itemTerms.isEmpty || searched.contains(id), let value = person.value,
          search.matches(value, itemTerms: found[id] ?? [])
        else { continue }
      }
      visible.append(person)
    }
  }

  private func decision(on user: StoredUser) -> AccessDecision {
    AccessDecision(of: caller, to: user.id, user.asOwner)
  }

  /// Counts a reason for somebody whom the caller may know of.
  private func count(_ reason: NearbyRanking.Reason, _ user: StoredUser) {
    guard user.id != subject, decision(on: user).seesPerson else { return }
    people[user.id] = user
    ranking.add(reason, of: user.id)
  }

  // MARK: Groups

  private func readGroups(_ then: @escaping Completion<Void>) {
    reader.groups(.member(subject), after: nil, limit: Limits.nearbyGroupsMax) { [self] found in
      found.onSuccess(orFail: then) { page in
        run(
          page.elements.filter { AccessDecision.visible($0, to: caller) != nil }.map { group in
            { [self] then in readMembers(of: group.id, then) }
          }[...], then)
      }
    }
  }

  private func readMembers(of group: GroupID, _ then: @escaping Completion<Void>) {
    reader.members(of: group, after: nil, limit: Limits.nearbyGroupMembersMax + 1) { [self] found in
      found.onSuccess(orFail: then) { page in
        if page.isLast, page.elements.count <= Limits.nearbyGroupMembersMax {
          for user in page.elements { count(.sharedGroup, user) }
        }
        then(.success(()))
      }
    }
  }

  // MARK: Items of the person

  private func readRelationships(_ then: @escaping Completion<Void>) {
    readItems(of: subject, in: Relationship.collection, limit: Limits.nearbyNamedMax, then) { [self] value, type in
      if let user = value.string("userId", of: type).flatMap(UserID.init(_:)) { named.append((user, .listed)) }
    }
  }

  private func readProjects(_ then: @escaping Completion<Void>) {
    readItems(of: subject, in: Self.projects, limit: Limits.loopRowsMax, then) { [self] value, type in
      if let name = Self.projectName(value, type) { projects.insert(name) }
      guard let colleagues = type.property(named: "colleagues"), case .complex(let related) = colleagues.type,
        case .collection(let elements) = value.members[colleagues.index]
      else { return }
      for case .complex(let element) in elements.prefix(Limits.nearbyNamedMax) {
        if let user = element.string("userId", of: related).flatMap(UserID.init(_:)) {
          named.append((user, .colleague))
        }
      }
    }
  }

  /// Reads those whom items name and who were not found before.
  private func readNamed(_ then: @escaping Completion<Void>) {
    var (named, seen): ([(user: UserID, reason: NearbyRanking.Reason)], Set<UserID>) = ([], [])
    for entry in self.named where seen.contains(entry.user) || seen.count < Limits.nearbyNamedMax {
      seen.insert(entry.user)
      named.append(entry)
    }
    let missing = seen.filter { people[$0] == nil }.sorted { $0.text < $1.text }
    ResultCollector.read(missing, from: reader) { [self] found in
      found.onSuccess(orFail: then) { users in
        let read = Dictionary(users.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (user, reason) in named {
          if let user = people[user] ?? read[user] { count(reason, user) }
        }
        then(.success(()))
      }
    } each: { [self] id, then in
      reader.user(id, then)
    }
  }

  // MARK: Items of others

  /// Reads the profiles of the nearest people, as far as the search and the person's projects need them.
  private func readProfiles(_ then: @escaping Completion<Void>) {
    let wanted = Set((search?.collections.map(\.name) ?? []) + (projects.isEmpty ? [] : [Self.projects])).sorted()
    guard caller.readsProfilesOfOthers, !wanted.isEmpty else { return then(.success(())) }
    let nearest = ranking.nearest(Limits.nearbyProfilesMax)
    searched = Set(nearest)
    let steps = nearest.flatMap { user in
      wanted.map { collection -> Step in { [self] then in readProfile(of: user, in: collection, then) } }
    }
    run(steps[...], then)
  }

  private func readProfile(of user: UserID, in collection: String, _ then: @escaping Completion<Void>) {
    guard bytesRead < Limits.nearbyProfileBytesMax, let navigation = ProfileModel.collection(named: collection) else {
      searched.remove(user)
      return then(.success(()))
    }
    readVisible(of: user, in: navigation, limit: Limits.loopRowsMax) { [self] items in
      items.onSuccess(orFail: then) { items in
        for item in items {
          bytesRead += item.json.count
          if let search { found[user, default: []].formUnion(search.terms(in: item, of: navigation)) }
          guard collection == Self.projects, let value = item.value,
            let name = Self.projectName(value, item.type), projects.contains(name)
          else { continue }
          ranking.add(.sharedProject, of: user)
        }
        then(.success(()))
      }
    }
  }

  // MARK: Reads of items

  private static let projects = "projects"

  private static func projectName(_ value: StructuredValue, _ type: StructuredType) -> [UInt8]? {
    guard let name = value.string("displayName", of: type), !name.isEmpty else { return nil }
    return Array(name.folded.utf8)
  }

  /// Takes the items of the person, if the caller may read them at all.
  private func readItems(
    of user: UserID, in collection: String, limit: Int, _ then: @escaping Completion<Void>,
    _ take: @escaping (StructuredValue, StructuredType) -> Void
  ) {
    guard user == caller.userID || caller.readsProfilesOfOthers,
      let navigation = ProfileModel.collection(named: collection)
    else { return then(.success(())) }
    readVisible(of: user, in: navigation, limit: limit) { items in
      items.onSuccess(orFail: then) { items in
        for item in items {
          if let value = item.value { take(value, item.type) }
        }
        then(.success(()))
      }
    }
  }

  private func readVisible(
    of user: UserID, in collection: NavigationProperty, limit: Int, _ then: @escaping Completion<[VisibleItem]>
  ) {
    let (authorization, selection) = (AuthorizationContext(of: caller), ItemSelection(limit: limit))
    reader.items(of: user, in: collection.name, for: authorization, selection) { [caller] found in
      found.onSuccess(orFail: then) { found in
        let decision = found.owner.map { AccessDecision(of: caller, to: user, $0) }
        then(.success(found.page.elements.compactMap { decision?.visible($0, of: collection.target) }))
      }
    }
  }
}
