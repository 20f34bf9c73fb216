import NIOHTTP1
import OData
import Profiles

/// Routes of managers and of those who report to them.
final class ManagerRoutes: RouteGroup {
  /// Gets the manager of a person (Graph page on listing the manager). Throws the error of an invalid request.
  func read(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    session.managers.read(of: user, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Gets the reference to the manager of a person (OData 4.01 part 1, 11.2.9).
  func readReference(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.managers.read(of: user, by: caller) { [responses] in
      responses.finish(exchange, $0, referenceTo: ProfileModel.directoryObject)
    }
  }

  /// Sets the manager that the body references (Graph page on assigning the manager). Throws the error of an invalid
  /// request.
  func set(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let manager = try requests.owner(at: requests.referencedAddress(exchange), exchange, caller)
    session.managers.set(manager, of: user, by: caller) { [responses] in responses.finish(exchange, removed: $0) }
  }

  /// Removes the manager of a person (Graph page on removing the manager).
  func remove(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.managers.remove(of: user, by: caller) { [responses] in responses.finish(exchange, removed: $0) }
  }

  /// Lists the people whose manager a person is (Graph page on listing direct reports). Throws the error of an invalid
  /// request.
  func listReports(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.managers.listReports(of: user, page.query, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.directoryObject, of: ProfileModel.user)
    }
  }

  /// Counts the people whose manager a person is.
  func countReports(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.managers.listReports(of: user, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0)
    }
  }

  /// Counts the people below a person (Graph page on counting transitive reports).
  func countTransitiveReports(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) {
    session.managers.countTransitiveReports(of: user, by: caller) { [responses] in
      responses.finish(exchange, count: $0)
    }
  }
}

extension ManagerExpansion {
  /// What `$expand` asks for; nil when it asks for nothing. Throws the error of another expansion than that of the manager,
  /// and of more levels than are offered.
  init?(_ options: QueryOptions) throws(GraphError) {
    guard let expansions = options.expansions, !expansions.isEmpty else { return nil }
    guard let manager = expansions.first, expansions.count == 1, manager.navigation == "manager" else {
      throw .expansionNotOffered
    }
    if let computed = manager.options.selection?.computed(of: ProfileModel.user).first {
      throw .computedForOne(computed.name)
    }
    let levels = manager.options.levels ?? 1
    guard levels == .max || levels <= Limits.managerLevelsMax else { throw .tooManyLevels }
    self.init(levels: min(levels, Limits.managerLevelsMax), selection: manager.options.selection)
  }
}

extension GraphError {
  /// An expansion of a person other than that of the manager.
  fileprivate static let expansionNotOffered = GraphError(
    status: .notImplemented, code: .notImplemented,
    message: "Of a user only the manager can be expanded: $expand=manager. Read everything else at its own URL.")

  /// More levels of managers than are expanded.
  fileprivate static let tooManyLevels = GraphError(
    status: .badRequest, code: .badRequest,
    message: "$levels is at most \(Limits.managerLevelsMax), or max.")
}
