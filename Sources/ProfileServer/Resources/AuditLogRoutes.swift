import OData
import Profiles

/// Routes of a person's audit log, an extension of Graph.
final class AuditLogRoutes {
  let session: ProfileSession
  let requests: RequestReader
  let responses: ResponseFinisher

  init(session: ProfileSession, requests: RequestReader, responses: ResponseFinisher) {
    self.session = session
    self.requests = requests
    self.responses = responses
  }

  /// Lists the entries of an audit log. Throws the error of an invalid request.
  func list(_ exchange: Exchange, _ person: OwnerReference, _ caller: Caller) throws(GraphError) {
    let page = try requests.page(exchange, by: caller)
    session.auditLog.list(of: person, page.query, by: caller) { [responses] result in
      responses.onSuccess(of: result, exchange) { user, listing in
        let (encoder, selection) = (responses.encoder(exchange), exchange.options.selection)
        let context = encoder.changesContext(of: user, selection)
        responses.finish(exchange, listing, context, page, ResponseFinisher.directoryHeaders) {
          encoder.objects($0, selection, isFirst: $1)
        }
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
