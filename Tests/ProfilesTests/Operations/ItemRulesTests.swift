import OData
import Testing

@testable import Profiles

@Suite("What every write of an item checks")
struct ItemRulesTests {
  private static let current = PagePhone.version.entityTag
  private static let stale = Version(number: 2).entityTag

  /// The refusal of both operations, which must be the same.
  private func refusal(
    _ caller: Caller, audience: String, ifMatch: String? = nil, state: ItemState? = nil
  ) throws -> ProfileError? {
    let condition = Preconditions(ifMatch: try ifMatch.map { try #require(EntityTagCondition($0)) })
    let stamp = People.stamp(caller)
    let operations: [any ItemOperation] = [
      UpdateItem(
        key: PagePhone.key, type: PhoneBody.type, patch: try PhoneBody.read(#"{"number":"1"}"#),
        preconditions: condition,
        stamp: stamp),
      DeleteItem(key: PagePhone.key, preconditions: condition, stamp: stamp),
    ]
    let refusals = try operations.map { operation -> ProfileError? in
      let state = try state ?? PagePhone.state(audience: audience)
      do throws(ProfileError) {
        _ = try operation.change(state)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusals[0] == refusals[1])
    return refusals[0]
  }

  private let owner = People.person(People.innocenty)
  private let colleague = People.person(People.colleague)
  private let stranger = People.person(People.colleague, of: People.fabrikam)

  @Test("If-Match is evaluated only for callers who see the item")
  func ifMatch() throws {
    #expect(try refusal(owner, audience: "me", ifMatch: Self.stale) == .preconditionFailed)
    #expect(try refusal(owner, audience: "me", ifMatch: "\"1\", \(Self.current)") == nil)
    #expect(try refusal(owner, audience: "me", ifMatch: "*") == nil)
    for tag in [Self.stale, Self.current, "*"] {
      #expect(
        try refusal(colleague, audience: "family,everyone,organization", ifMatch: tag)
          == (tag == Self.stale ? .preconditionFailed : nil))
      #expect(try refusal(colleague, audience: "me", ifMatch: tag) == .itemNotFound)
      #expect(try refusal(colleague, audience: "family,contacts,groupMembers", ifMatch: tag) == .itemNotFound)
      #expect(try refusal(stranger, audience: "organization", ifMatch: tag) == .userNotFound)
    }
  }

  @Test("Nobody writes across tenants, whatever is visible and whatever the token holds")
  func acrossTenants() throws {
    for tag in [nil, Self.stale, Self.current] {
      #expect(try refusal(stranger, audience: "everyone", ifMatch: tag) == .deniedForRole(isDirectory: false))
      #expect(
        try refusal(People.application(of: People.fabrikam), audience: "everyone", ifMatch: tag) == .userNotFound)
      #expect(
        try refusal(People.person(People.innocenty, of: People.fabrikam), audience: "everyone", ifMatch: tag)
          == .userNotFound)
    }
    #expect(try refusal(People.application(), audience: "me") == nil)
  }

  @Test("Missing and hidden items are refused alike")
  func missing() throws {
    let nobody = ItemState(owner: nil, item: nil)
    let nothing = ItemState(owner: PagePhone.owner, item: nil)
    for caller in [owner, colleague, stranger, People.application()] {
      #expect(try refusal(caller, audience: "me", state: nobody) == .userNotFound)
    }
    #expect(try refusal(colleague, audience: "me", state: nothing) == refusal(colleague, audience: "me"))
    #expect(try refusal(stranger, audience: "me", state: nothing) == refusal(stranger, audience: "me"))
    #expect(try refusal(owner, audience: "me", state: nothing) == .itemNotFound)
  }

  @Test("Deleting writes one row of the audit log, with the deleted version")
  func deletion() throws {
    let operation = DeleteItem(key: PagePhone.key, preconditions: .none, stamp: People.stamp(People.application()))
    let row = Change(
      time: People.now, kind: .deleted, user: People.innocenty, tenant: .demo, collection: "phones",
      item: PagePhone.key.id,
      properties: [], versionBefore: Version(number: 3), versionAfter: nil, actingUser: nil,
      actingApplication: "app-1")
    #expect(try operation.change(PagePhone.state()) == .remove(row))
  }
}
