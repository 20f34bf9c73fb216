import NIOHTTP1
import OData
import Profiles

/// A tenant that a path names behind the version, as in `/v1.0/contoso.example/users`: the form of the older directory
/// service, in which some clients still address Graph.
struct TenantPrefix {
  /// The tenant that a path names.
  enum Tenant: Equatable {
    /// The caller's.
    case own
    /// The caller's, if this is one of its domains.
    case domain(DomainName)
    /// Another one, whether there is one of this id or not.
    case other
  }

  /// Stands for the caller's tenant.
  static let ownTenant = "myorganization"

  /// The path without the tenant.
  let rest: [UInt8]
  let tenant: Tenant

  /// Reads the segment behind the version; nil when it names no tenant.
  init?(_ path: [UInt8], of caller: Caller) {
    guard !Self.isUsual(path) else { return nil }
    let slash = UInt8(ascii: "/")
    guard let start = Self.secondSegment(of: path) else { return nil }
    let end = path[start...].firstIndex(of: slash) ?? path.endIndex
    guard let tenant = Self.tenant(path[start..<end], caller) else { return nil }
    self.tenant = tenant
    rest = Array(path[..<start] + path[end...].drop { $0 == slash })
  }

  /// Whether a resource stands behind the version, as in nearly all paths, so that they need no further look. Other
  /// spellings of these resources are found out below.
  private static func isUsual(_ path: [UInt8]) -> Bool {
    path.withUnsafeBufferPointer { path in
      usualBeginnings.contains { beginning in
        beginning.withUnsafeBufferPointer { beginning in
          path.count >= beginning.count
            && UnsafeBufferPointer(rebasing: path[..<beginning.count]).hasSameBytes(as: beginning)
        }
      }
    }
  }

  private static let usualBeginnings = ["/beta/users/", "/beta/me/", "/v1.0/users/", "/v1.0/me/"].map { Array($0.utf8) }

  /// Whether the rest of the path names a batch (OData 4.01 part 1, 11.7).
  var namesBatch: Bool {
    let segments = rest.split(separator: UInt8(ascii: "/"))
    return segments.count == 2 && PercentEncoding.decode(segments[1])?.isSameName(as: "$batch") == true
  }

  /// Where the second segment of a path begins; nil when there is none.
  private static func secondSegment(of path: [UInt8]) -> Int? {
    let slash = UInt8(ascii: "/")
    guard let first = path.firstIndex(where: { $0 != slash }), let end = path[first...].firstIndex(of: slash)
    else { return nil }
    return path[end...].firstIndex { $0 != slash }
  }

  /// The tenant of a segment. No resource has a dot in its name, or is named by a GUID.
  private static func tenant(_ segment: ArraySlice<UInt8>, _ caller: Caller) -> Tenant? {
    segment.withUnsafeBufferPointer { bytes in
      if caller.tenant.text.isSameName(as: bytes) || ownTenant.isSameName(as: bytes) {
        // The id of a tenant may be any text.
        let isResource = ProfileModel.model.roots.contains { $0.isNamed(String(decoding: bytes, as: UTF8.self)) }
        return isResource ? nil : .own
      }
      if bytes.contains(UInt8(ascii: ".")) {
        return DomainName(String(decoding: bytes, as: UTF8.self)).map(Tenant.domain)
      }
      let isGUID =
        bytes.count == guidBytes
        && bytes.indices.allSatisfy { index in
          guidHyphens.contains(index) == (bytes[index] == UInt8(ascii: "-"))
        }
      return isGUID ? .other : nil
    }
  }

  private static let guidBytes = 36
  private static let guidHyphens: Set<Int> = [8, 13, 18, 23]
}

extension GraphError {
  /// A path names a tenant that is not the caller's, whether there is one or not.
  static let tenantNotFound = GraphError(
    status: .notFound, code: .resourceNotFound,
    message: "Resource does not exist: behind the version may stand the tenant of the token, by its id, by one of its "
      + "verified domains or as 'myorganization', and no other. Leave it out.")

  /// A property that is made of items was selected where many people are answered, or with a write.
  static func computedForOne(_ property: String) -> GraphError {
    GraphError(
      status: .badRequest, code: .badRequest,
      message: "'\(property)' is made of profile items, for the read of one person. Select it of /users/{id} or /me.",
      target: property)
  }
}
