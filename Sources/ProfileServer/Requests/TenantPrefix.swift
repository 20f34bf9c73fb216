import NIOHTTP1
import OData
import Profiles

/// A tenant that a path names behind the version, as in `/v1.0/contoso.example/users`: the form of the older directory
/// service, in which some clients still address Graph.
struct TenantPrefix {
  /// Stands for the caller's tenant.
  static let ownTenant = "myorganization"

  /// The path without the tenant.
  let rest: [UInt8]
  /// The domain that must be one of the caller's tenant; nil when the path names that tenant by its id.
  let domain: String?

  /// Reads the segment behind the version. nil when it names no tenant: a domain has a dot, and no resource does. The id
  /// of another tenant is taken for a domain, which no tenant has.
  init?(_ path: [UInt8], of caller: Caller) {
    let slash = UInt8(ascii: "/")
    guard let start = Self.secondSegment(of: path), let first = path[start...].first, first != UInt8(ascii: "$")
    else { return nil }
    let end = path[start...].firstIndex(of: slash) ?? path.endIndex
    let segment = path[start..<end]
    let isOwn = segment.withUnsafeBufferPointer { bytes in
      caller.tenant.text.isSameName(as: bytes) || Self.ownTenant.isSameName(as: bytes)
    }
    guard isOwn || Self.mayBeTenant(segment) else { return nil }
    domain = isOwn ? nil : String(decoding: segment, as: UTF8.self)
    rest = Array(path[..<start] + path[end...].drop { $0 == slash })
  }

  /// Where the second segment of a path begins; nil when there is none.
  private static func secondSegment(of path: [UInt8]) -> Int? {
    let slash = UInt8(ascii: "/")
    guard let first = path.firstIndex(where: { $0 != slash }), let end = path[first...].firstIndex(of: slash)
    else { return nil }
    return path[end...].firstIndex { $0 != slash }
  }

  /// Whether a segment has the form of a domain, or of a GUID: no resource is named so. A key in parentheses may hold
  /// dots.
  private static func mayBeTenant(_ segment: ArraySlice<UInt8>) -> Bool {
    segment.withUnsafeBufferPointer { bytes in
      if bytes.count == guidBytes, bytes[8] == UInt8(ascii: "-"), bytes[13] == UInt8(ascii: "-") { return true }
      return bytes.contains(UInt8(ascii: ".")) && !bytes.contains(UInt8(ascii: "("))
    }
  }

  private static let guidBytes = 36
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
