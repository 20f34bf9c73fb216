import OData
import Testing

@testable import Profiles

@Suite("CreateItem")
struct CreateItemTests {
  private let owner = People.person(People.innocenty, displayName: "Innocenty Popov")

  private func change(
    _ body: String, by caller: Caller? = nil, default audience: Audience = .organization,
    state: ItemState? = nil
  ) throws -> ItemChange {
    let policy = TenantPolicy(defaultAudiences: ["phones": audience])
    let owner = ItemOwner(
      tenant: People.contoso, displayName: PagePhone.owner.displayName, relation: OwnerRelation(policy: policy))
    let state = state ?? ItemState(owner: owner, item: nil)
    let operation = CreateItem(
      key: PagePhone.key, type: PhoneBody.type, patch: try PhoneBody.read(body, .create),
      stamp: People.stamp(caller ?? self.owner))
    return try operation.change(state)
  }

  private func created(
    _ body: String, by caller: Caller? = nil, default audience: Audience = .organization
  ) throws -> StoredItem {
    guard case .put(let item, _) = try change(body, by: caller, default: audience) else { throw Unexpected.outcome }
    return item
  }

  private enum Unexpected: Error { case outcome }

  private let popov = #"{"user":{"id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}}"#

  @Test("What is left out is null, stamped, or the tenant's default")
  func defaults() throws {
    let item = try created(#"{"number":"1","id":"chosen by the client"}"#)
    let expected = """
      {"id":"e13f7a4d-303c-464f-a6af-80ea18eb74f3","allowedAudiences":"organization","inference":null,\
      "createdDateTime":"2027-01-15T08:00:00Z","createdBy":\(popov),"lastModifiedDateTime":"2027-01-15T08:00:00Z",\
      "lastModifiedBy":\(popov),"source":null,"displayName":null,"type":null,"number":"1"}
      """
    #expect(item.text == expected)
    #expect(item.version == People.version)
    #expect(item.created == People.now)
    #expect(item.collapsible == nil)
  }

  @Test("The audience is the body's, else the policy's; null means me")
  func audiences() throws {
    #expect(try created("{}").audience == .organization)
    #expect(try created("{}", default: [.family, .contacts]).audience == [.family, .contacts])
    #expect(try created("{}", default: [.family, .contacts]).text.contains("\"family,contacts\""))
    #expect(try created(#"{"allowedAudiences":null}"#, default: .everyone).audience == .me)
    #expect(try created(#"{"allowedAudiences":"me"}"#, default: .everyone).audience == .me)
    #expect(try created(#"{"allowedAudiences":"everyone"}"#).audience == .everyone)
  }

  @Test("Stamps that are sent are stored whole, not mixed with the server's")
  func stampMembers() throws {
    let item = try created(
      #"{"createdBy":{"user":{"displayName":"P"}},"createdDateTime":"2019-01-01T00:00:00Z"}"#)
    #expect(item.text.contains(#""createdBy":{"user":{"id":null,"displayName":"P"}}"#))
    #expect(item.text.contains("\"lastModifiedBy\":\(popov)"))
    #expect(item.text.contains("\"lastModifiedDateTime\":\"2027-01-15T08:00:00Z\""))
    #expect(item.created == (try DateTimeOffset("2019-01-01T00:00:00Z".utf8)))
  }

  @Test("An item that a client dates into the future was not changed before it was created")
  func madeLater() throws {
    let later = #""createdDateTime":"2031-01-01T00:00:00Z""#
    #expect(try created("{\(later)}").text.contains(#""lastModifiedDateTime":"2031-01-01T00:00:00Z""#))
    let both = try created("{\(later),\"lastModifiedDateTime\":\"2020-01-01T00:00:00Z\"}")
    #expect(both.text.contains(#""lastModifiedDateTime":"2020-01-01T00:00:00Z""#))
    #expect(try created("{\(later),\"lastModifiedDateTime\":null}").text.contains(#""lastModifiedDateTime":null"#))
  }

  @Test("A copy of another item sets its members, and its stamps count as not sent")
  func copies() throws {
    let copy = "{\"@odata.etag\":\"W/\\\"3\\\"\"," + PagePhone.json().dropFirst()
    let item = try created(copy)
    #expect(item.text.contains("\"number\":\"+7 499 234 56 78\""))
    #expect(item.created == People.now)
    #expect(item.text.contains("\"lastModifiedDateTime\":\"2027-01-15T08:00:00Z\""))
    #expect(item.collapsible != nil)
  }

  @Test("An application without a user is named in the stamp")
  func applications() throws {
    #expect(
      try created("{}", by: People.application()).text.contains(
        #""createdBy":{"application":{"id":"app-1","displayName":"Sync"}}"#))
  }

  @Test("The audit log names the properties that were sent")
  func changeLog() throws {
    let row = Change(
      time: People.now, kind: .created, user: People.innocenty, tenant: .demo, collection: "phones",
      item: PagePhone.key.id,
      properties: ["type", "number"], versionBefore: nil, versionAfter: People.version, actingUser: People.innocenty,
      actingApplication: "app-1")
    guard case .put(_, let written) = try change(#"{"number":"1","type":"home","id":"x"}"#) else {
      throw Unexpected.outcome
    }
    #expect(written == row)
  }

  @Test("Nobody creates across tenants or for nobody, and a known id is never reused")
  func refusals() throws {
    let strangers = [
      People.person(People.colleague, of: People.fabrikam), People.person(People.innocenty, of: People.fabrikam),
      People.application(of: People.fabrikam),
    ]
    for stranger in strangers {
      #expect(throws: ProfileError.userNotFound) { try change("{}", by: stranger) }
    }
    #expect(throws: ProfileError.userNotFound) { try change("{}", state: ItemState(owner: nil, item: nil)) }
    let taken = try PagePhone.state()
    #expect(throws: ProfileError.store(.failed("A new id was already in use."))) { try change("{}", state: taken) }
  }
}
