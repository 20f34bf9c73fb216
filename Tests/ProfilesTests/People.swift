import OData
import Testing

@testable import Profiles

/// The people, tenants and tokens that the tests speak of.
enum People {
  static let contoso = TenantID.demo
  static let fabrikam = known(TenantID("22222222-2222-4222-8222-222222222222"))
  static let innocenty = known(UserID("efee1b77-fb3b-4f65-99d6-274c11914d12"))
  static let colleague = known(UserID("colleague"))
  static let now = DateTimeOffset(unixSeconds: 1_800_000_000)

  /// Unwraps a constant of the tests.
  static func known<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("A constant of the tests is not valid") }
    return value
  }

  static func person(
    _ id: UserID, of tenant: TenantID = contoso, _ permissions: Set<Permission> = Set(Permission.allCases),
    displayName: String? = nil, isAdministrator: Bool = false
  ) -> Caller {
    Caller(
      actor: .user(id), tenant: tenant, applicationID: "app-1", displayName: displayName, permissions: permissions,
      isAdministrator: isAdministrator)
  }

  static func application(
    of tenant: TenantID = contoso, _ permissions: Set<Permission> = Set(Permission.allCases)
  ) -> Caller {
    Caller(
      actor: .application, tenant: tenant, applicationID: "app-1", applicationName: "Sync", permissions: permissions)
  }

  /// The version of what is written.
  static let version = Version(number: 4)

  static func stamp(_ caller: Caller, at time: DateTimeOffset = now) -> WriteStamp {
    WriteStamp(caller: caller, time: time, version: version)
  }
}

/// The phone of the published page, before its update.
enum PagePhone {
  static let key = ItemKey(
    user: People.innocenty, collection: "phones",
    id: People.known(ItemID("e13f7a4d-303c-464f-a6af-80ea18eb74f3")))
  static let owner = ItemOwner(tenant: People.contoso, displayName: "Innocenty Popov")
  static let version = Version(number: 3)

  static func json(audience: String = "me") -> String {
    let popov = #"{"user":{"id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}}"#
    return """
      {"id":"e13f7a4d-303c-464f-a6af-80ea18eb74f3","allowedAudiences":"\(audience)","inference":null,\
      "createdDateTime":"2020-07-06T06:34:12.2294868Z","createdBy":\(popov),\
      "lastModifiedDateTime":"2020-07-08T06:34:12.2294868Z","lastModifiedBy":\(popov),\
      "source":{"type":["User"]},"displayName":"Car Phone","type":"mobile","number":"+7 499 234 56 78"}
      """
  }

  static func item(audience: String = "me") throws -> StoredItem {
    let patch = try EntityReader(.restore).read(Array(json(audience: audience).utf8), as: PhoneBody.type)
    var value = StructuredValue(of: PhoneBody.type)
    _ = patch.apply(to: &value, of: PhoneBody.type)
    return StoredItem(key: key, version: version, value: value, of: PhoneBody.type)
  }

  static func state(audience: String = "me") throws -> ItemState {
    ItemState(owner: owner, item: try item(audience: audience))
  }
}

extension StoredItem {
  var text: String { String(decoding: json, as: UTF8.self) }
}

extension Version {
  /// The first version that tests use: operations make versions, and tests count them.
  static let first = Version(number: 1)
  /// The version that tests use next.
  var next: Version { Version(number: number + 1) }
}
