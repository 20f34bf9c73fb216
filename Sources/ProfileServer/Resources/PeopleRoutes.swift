import OData
import Profiles

/// Routes of the people who stand near a person.
final class PeopleRoutes: RouteGroup {
  /// Lists the people near a person (Graph page on listing people). Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ person: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.people.list(near: person, page.query, by: caller) { [responses] result in
      responses.onSuccess(of: result, exchange) { user, listing in
        responses.finish(exchange, listing, page) { $0.peopleContext(of: user, exchange.options.selection) }
      }
    }
  }

  /// Counts the people near a person.
  func count(_ exchange: Exchange, _ person: OwnerReference, _ caller: Caller) {
    session.people.list(near: person, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0.map(\.1))
    }
  }
}
