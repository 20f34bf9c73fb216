import Authority

extension AuthorityAddresses {
  /// The `WWW-Authenticate` value of a 401 (RFC 6750 section 3), in the form that Graph's clients parse, with this
  /// authority in it.
  var challenge: String {
    let uri = "\(base)/common/oauth2/authorize"
    return #"Bearer realm="", authorization_uri="\#(uri)", client_id="00000003-0000-0000-c000-000000000000""#
  }
}
