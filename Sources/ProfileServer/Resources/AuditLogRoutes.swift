import OData
import Profiles

/// Routes of a person's audit log, an extension of Graph.
final class AuditLogRoutes: RouteGroup {
  /// Lists the entries of an audit log. Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ person: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.auditLog.list(of: person, page.query, by: caller) { [responses] result in
      responses.onSuccess(of: result, exchange) { user, listing in
        responses.finish(exchange, listing, page) { $0.changesContext(of: user, exchange.options.selection) }
      }
    }
  }

  /// Counts the entries of an audit log.
  func count(_ exchange: Exchange, _ person: OwnerReference, _ caller: Caller) {
    session.auditLog.list(of: person, requests.counting(exchange), by: caller) { [responses] in
      responses.finish(exchange, countOf: $0.map(\.1))
    }
  }
}
