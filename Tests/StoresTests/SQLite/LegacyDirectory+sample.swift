import Fixtures
import OData
import Profiles

@testable import Stores

extension LegacyDirectory {
  private static let otherTenant = "8f0c2a1e-5b7d-4c3f-9a64-2d1e0b9c7f35"
  private static let audiences = [
    "me", "organization", "everyone", "federatedOrganizations", "family,contacts", "groupMembers",
    "family,organization",
  ]

  /// Fills the directory with `people` people of two tenants and of every kind: with ids that are GUIDs and others,
  /// with items of all audiences, in groups, listing each other, deleted, and back in another tenant.
  func fill(people: Int, _ random: inout SeededGenerator) throws {
    try put(#"{"settings":{"federatedWith":["\#(Self.otherTenant)"]}}"#)
    try put(#"{"tenant":"\#(Self.otherTenant)","settings":{"name":"Fabrikam"}}"#)
    for group in ["team", "ed8be85e-de51-4244-8f26-f73ff63ccd96"] {
      try put(#"{"group":{"id":"\#(group)","displayName":"Group","mailNickname":"\#(group)"}}"#)
    }
    // The last two are the same text to Unicode, and two people.
    var ids = (0..<people).map { $0.isMultiple(of: 3) ? "user-\($0)" : Self.guid(&random) } + ["zoë", "zoe\u{308}"]
    ids.shuffle(using: &random)
    for (number, id) in ids.enumerated() { try putPerson(id, number, ids, &random) }
    for id in ids where random.next().isMultiple(of: 7) { try delete(id) }
    for (number, id) in ["user-0", ids[1]].enumerated() {
      for tenant in [Self.otherTenant, TenantID.demo.text] {
        try delete(id)
        try putUser(id, 1_000_000 + number, tenant)
      }
    }
    for number in 1...9 { try putReceipt(UInt8(number)) }
  }

  private func putUser(_ id: String, _ number: Int, _ tenant: String) throws {
    try put(
      #"{"tenant":"\#(tenant)","user":{"id":"\#(id)","displayName":"Ä \#(number % 5)","#
        + #""userPrincipalName":"P\#(number)@\#(tenant).example","mail":"\#(number)@\#(tenant).example"}}"#)
  }

  private func putPerson(_ id: String, _ number: Int, _ ids: [String], _ random: inout SeededGenerator) throws {
    let isOther = number.isMultiple(of: 5)
    try putUser(id, number + 1, isOther ? Self.otherTenant : TenantID.demo.text)
    if !isOther, number.isMultiple(of: 2) { try put(#"{"groupId":"team","member":"\#(id)"}"#) }
    for item in 0..<Int(random.next() % 9) {
      let itemID = item.isMultiple(of: 2) ? Self.guid(&random) : "item-\(item)"
      let audience = Self.audiences[Int(random.next() % UInt64(Self.audiences.count))]
      let (collection, members) = Self.members(item, ids[Int(random.next() % UInt64(ids.count))])
      let line =
        #"{"userId":"\#(id)","collection":"\#(collection)","item":{"id":"\#(itemID)","allowedAudiences":"\#(audience)","#
        + #""createdDateTime":"2020-01-0\#(1 + random.next() % 9)T00:00:00Z",\#(members)}}"#
      try put(line)
      // Some are replaced, some deleted.
      if random.next().isMultiple(of: 4) { try put(line) }
      if random.next().isMultiple(of: 6), let itemID = ItemID(itemID) {
        try delete(ItemKey(user: Sample.userID(id), collection: collection, id: itemID))
      }
    }
  }

  private static func members(_ item: Int, _ other: String) -> (collection: String, members: String) {
    switch item % 4 {
    case 0: ("phones", #""number":"+49 \#(item)","source":{"type":["User"]}"#)
    case 1: ("relationships", #""relationship":"\#(item > 4 ? "spouse" : "colleague")","userId":"\#(other)""#)
    case 2: ("emails", #""address":"a\#(item)@x.example""#)
    default: ("notes", #""displayName":"\#(String(repeating: "Ω", count: item * 700))""#)
    }
  }

  private static func guid(_ random: inout SeededGenerator) -> String {
    GUID.text(high: random.next(), low: random.next())
  }
}
