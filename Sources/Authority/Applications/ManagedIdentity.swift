/// The managed identity of a demo. By the protocol of App Service, whoever knows a header gets its token; by that of a
/// virtual machine's metadata service, every program of this machine does, as on Azure.
public struct ManagedIdentity: Sendable {
  let header: String
  /// The application that the identity belongs to.
  public let client: ConfidentialClient

  /// Whether `candidate` is the identity's secret, the value of `IDENTITY_HEADER`. The time it takes reveals nothing
  /// about it.
  public func hasHeader(_ candidate: String) -> Bool { ConstantTimeText.isEqual(candidate, header) }

  /// Why the identity that a request asks for is not this one; nil when it is, or when the request names none.
  ///
  /// `parameter` gives the value of a query parameter. The principal of the application has the application's own id.
  /// It is no resource of Azure, so it has no resource id.
  func mismatch(_ parameter: (String) -> String?) -> String? {
    for name in ["client_id", "clientid", "object_id", "principal_id"] {
      guard let id = parameter(name), id.lowercased() != client.id.lowercased() else { continue }
      return "No managed identity has this \(name). Leave it out, or send the client id that the server printed."
    }
    for name in ["mi_res_id", "msi_res_id"] where parameter(name) != nil {
      return "No managed identity has this \(name). Leave it out, or ask by client_id."
    }
    return nil
  }
}

/// Why a managed identity gets no token.
public enum ManagedIdentityError: Error, Equatable, Sendable {
  /// The request is wrong, which clients take for "there is no such identity"; with a sentence.
  case invalid(String)
  /// The request may not come from a program of this machine; with a sentence.
  case stranger(String)
  /// The authority issues no token.
  case grant(GrantRefusal)

  /// The error code, as Azure's metadata service has it.
  public var code: String {
    switch self {
    case .invalid: "invalid_request"
    case .stranger: "access_denied"
    case .grant(let refusal): refusal.code
    }
  }

  /// A sentence for people: what was wrong and what to do.
  public var message: String {
    switch self {
    case .invalid(let message), .stranger(let message): message
    case .grant(let refusal): refusal.message
    }
  }
}

extension TokenAuthority {
  /// A token of a managed identity, with what the answer says about it.
  public struct IdentityToken: Sendable {
    /// The token in compact serialization.
    public let text: String
    /// The resource as the request named it.
    public let resource: String
    /// When the token was issued, in seconds since 1970.
    public let issued: Int64
    /// When the token expires, in seconds since 1970.
    public let expires: Int64
  }

  /// Decides on a request for a token of `identity`; `parameter` gives the value of a query parameter. Throws
  /// `ManagedIdentityError` when the request is wrong or the authority issues no token.
  public func identityToken(
    of identity: ManagedIdentity, parameter: (String) -> String?
  ) async throws(ManagedIdentityError) -> IdentityToken {
    guard parameter("api-version") != nil, let resource = parameter("resource") else {
      throw .invalid("The query must name 'api-version' and 'resource' once each.")
    }
    if let mismatch = identity.mismatch(parameter) { throw .invalid(mismatch) }
    guard isOwnResource(resource) else {
      throw .invalid("The resource is not this server. Ask for https://graph.microsoft.com.")
    }
    let issued = clock()
    do throws(GrantRefusal) {
      let token = try await accessToken(for: identity.client)
      return IdentityToken(text: token.text, resource: resource, issued: issued, expires: token.expires)
    } catch {
      throw .grant(error)
    }
  }
}
