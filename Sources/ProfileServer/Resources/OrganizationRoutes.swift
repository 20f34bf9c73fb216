import OData
import Profiles

/// Routes of the organisation of the caller's tenant and of its domains.
final class OrganizationRoutes: RouteGroup {
  /// Lists the organisation (Graph page on listing organizations). Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.organizations.list(by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.organization, of: ProfileModel.organization)
    }
  }

  /// Gets the organisation (Graph page on getting an organization).
  func read(_ exchange: Exchange, _ id: String, _ caller: Caller) {
    session.organizations.read(id, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Lists the domains (Graph page on listing domains). Throws the error of an invalid request.
  func listDomains(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.organizations.listDomains(by: caller) { [responses] in
      responses.finish(exchange, $0, page, setOf: ProfileModel.domain, of: ProfileModel.domain)
    }
  }

  /// Gets a domain (Graph page on getting a domain).
  func readDomain(_ exchange: Exchange, _ name: String, _ caller: Caller) {
    session.organizations.readDomain(name, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }
}
