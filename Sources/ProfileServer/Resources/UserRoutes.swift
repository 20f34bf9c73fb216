import OData
import Profiles

/// Routes of people in the directory.
final class UserRoutes: RouteGroup {
  /// Lists users (Graph page on listing users). Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    let expansion = try ManagerExpansion(exchange.options)
    session.users.list(page.query, expanding: expansion, by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.user, of: ProfileModel.user)
    }
  }

  /// Counts users.
  func count(_ exchange: Exchange, _ caller: Caller) {
    session.users.count(requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, count: $0)
    }
  }

  /// Gets a user (Graph page on getting a user). Throws the error of an expansion that is not offered.
  func read(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let computed = exchange.options.selection?.computed(of: ProfileModel.user) ?? []
    guard let expansion = try ManagerExpansion(exchange.options) else {
      return session.users.read(user, computing: computed, by: caller) { [responses] in
        responses.finish(exchange, read: $0)
      }
    }
    session.users.read(user, computing: computed, expanding: expansion, by: caller) { [responses] in
      responses.finish(exchange, read: $0)
    }
  }

  /// Creates a user (Graph page on creating a user). Throws the error of an invalid request.
  func create(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    let patch = try requests.patch(exchange, .create, ProfileModel.user)
    let receipt = try requests.receipt(exchange, by: caller)
    let manager = try requests.manager(patch, exchange, caller)
    session.users.create(patch, reportingTo: manager, once: receipt, by: caller) { [responses] in
      responses.finish(exchange, created: $0)
    }
  }

  /// Updates a user (Graph page on updating a user). Throws the error of an invalid request.
  func update(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    let patch = try requests.patch(exchange, .update, ProfileModel.user)
    let preconditions = try Preconditions(exchange.request.headers)
    let manager = try requests.manager(patch, exchange, caller)
    session.users.update(user, patch, reportingTo: manager, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, updated: $0)
    }
  }

  /// Deletes a user (Graph page on deleting a user). Throws the error of an invalid request.
  func delete(_ exchange: Exchange, _ user: OwnerReference, _ caller: Caller) throws(GraphError) {
    let preconditions = try Preconditions(exchange.request.headers)
    session.users.delete(user, preconditions: preconditions, by: caller) { [responses] in
      responses.finish(exchange, removed: $0)
    }
  }
}
