import Fixtures
import Foundation
import OData
import Testing

@testable import Profiles

@Suite("UpdateItem")
struct UpdateItemTests {
  private let owner = People.person(People.innocenty, displayName: "Innocenty Popov")

  private func change(
    _ body: String, by caller: Caller? = nil, audience: String = "me", ifMatch: String? = nil
  ) throws -> ItemChange {
    let condition = Preconditions(ifMatch: try ifMatch.map { try #require(EntityTagCondition($0)) })
    let operation = UpdateItem(
      key: PagePhone.key, type: PhoneBody.type, patch: try PhoneBody.read(body), preconditions: condition,
      stamp: People.stamp(caller ?? owner))
    let state = try PagePhone.state(audience: audience)
    let change = try operation.change(state)
    #expect(try operation.change(state) == change, "The same operation decides otherwise the second time")
    return change
  }

  private func updated(
    _ body: String, by caller: Caller? = nil, audience: String = "me"
  ) throws -> (item: StoredItem, row: Change) {
    guard case .put(let item, let row) = try change(body, by: caller, audience: audience) else {
      throw Unexpected.outcome
    }
    return (item, row)
  }

  private enum Unexpected: Error { case outcome }

  private let popov = #"{"user":{"id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"Innocenty Popov"}}"#
  private let now = "2027-01-15T08:00:00Z"

  @Test("The page's update gives the page's members in the page's order, but for the two stamps")
  func publishedUpdate() throws {
    let (item, _) = try updated("{\n  \"allowedAudiences\": \"organization\",\n  \"type\": \"other\",\n}")
    var json = item.json
    let collapsible = try #require(item.collapsible)
    json.remove(at: collapsible.upperBound - 1)
    json.remove(at: collapsible.lowerBound)
    let expected = """
      {"id":"e13f7a4d-303c-464f-a6af-80ea18eb74f3","allowedAudiences":"organization","inference":null,\
      "createdDateTime":"2020-07-06T06:34:12.2294868Z","createdBy":\(popov),"lastModifiedDateTime":"\(now)",\
      "lastModifiedBy":\(popov),"source":{"type":"User"},"displayName":"Car Phone","type":"other",\
      "number":"+7 499 234 56 78"}
      """
    #expect(String(decoding: json, as: UTF8.self) == expected)
    try expectPage(json)
  }

  @Test(
    "A stamp precedes neither the one before nor the creation, when the clock goes backwards",
    arguments: [
      // The page's phone was made 2020-07-06 and changed 2020-07-08.
      ("{\"number\":\"1\"}", "2020-07-08T06:34:12.2294867Z", "2020-07-08T06:34:12.2294868Z"),
      ("{\"number\":\"1\"}", "2020-07-08T06:34:12.2294868Z", "2020-07-08T06:34:12.2294868Z"),
      ("{\"number\":\"1\"}", "2020-07-08T06:34:12.2294869Z", "2020-07-08T06:34:12.2294869Z"),
      ("{\"number\":\"1\"}", "1970-01-01T00:00:00Z", "2020-07-08T06:34:12.2294868Z"),
      // A creation that a client writes counts, and so does one before everything.
      ("{\"createdDateTime\":\"2031-01-01T00:00:00Z\"}", "2027-01-15T08:00:00Z", "2031-01-01T00:00:00Z"),
      ("{\"createdDateTime\":\"2001-01-01T00:00:00Z\"}", "2010-01-01T00:00:00Z", "2020-07-08T06:34:12.2294868Z"),
      // What a client writes itself is stored.
      ("{\"lastModifiedDateTime\":\"2011-01-01T00:00:00Z\"}", "2027-01-15T08:00:00Z", "2011-01-01T00:00:00Z"),
    ])
  func clockBackwards(body: String, clock: String, expected: String) throws {
    let time = try DateTimeOffset(clock.utf8)
    let operation = UpdateItem(
      key: PagePhone.key, type: PhoneBody.type, patch: try PhoneBody.read(body), preconditions: .none,
      stamp: People.stamp(owner, at: time))
    guard case .put(let item, let row) = try operation.change(try PagePhone.state()) else { throw Unexpected.outcome }
    #expect(item.text.contains("\"lastModifiedDateTime\":\"\(expected)\""), "\(item.text)")
    // The change log keeps the clock's own time.
    #expect(row.time == time)
  }

  /// The published answer, as data, says the same.
  private func expectPage(_ json: [UInt8]) throws {
    let file = "contract/examples/itemphone-update.seed.json"
    guard let example = try SharedFolder.json(file) as? [String: Any], let bytes = try SharedFolder.bytes(file) else {
      return
    }
    let response = try #require(example["response"] as? [String: Any])
    var page = try #require(response["body"] as? [String: Any])
    var ours = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    #expect(page.removeValue(forKey: "@odata.type") as? String == "#microsoft.graph.itemPhone")
    let stamps = ["lastModifiedDateTime", "lastModifiedBy"]
    for stamp in stamps {
      #expect(page.removeValue(forKey: stamp) != nil)
      #expect(ours.removeValue(forKey: stamp) != nil)
    }
    #expect(page as NSDictionary == ours as NSDictionary)
    // Foundation forgets the order, so that of the page is looked up in its text.
    let text = String(decoding: bytes, as: UTF8.self)
    let body = try #require(text.range(of: "\"@odata.type\""))
    let names = PhoneBody.type.properties.map(\.name).filter { !["sources", "isSearchable"].contains($0) }
    let places = try names.map { name in
      try #require(text.range(of: "\n      \"\(name)\":", range: body.lowerBound..<text.endIndex)).lowerBound
    }
    #expect(places == places.sorted())
  }

  @Test("The audit log says who, when and which properties, and no values")
  func changeLog() throws {
    let (item, row) = try updated(#"{"type":"other","number":"+7 499 234 56 78"}"#)
    #expect(item.version == Version(number: 4))
    #expect(
      row
        == Change(
          time: People.now, kind: .updated, user: People.innocenty, tenant: .demo, collection: "phones",
          item: PagePhone.key.id,
          properties: ["lastModifiedDateTime", "lastModifiedBy", "type"].sorted {
            (try? PhoneBody.index($0)) ?? 0 < (try? PhoneBody.index($1)) ?? 0
          }, versionBefore: Version(number: 3), versionAfter: Version(number: 4), actingUser: People.innocenty,
          actingApplication: "app-1"))
  }

  @Test("An update that changes nothing writes nothing")
  func unchanged() throws {
    let item = try PagePhone.item()
    let bodies = [
      "{}", #"{"type":"mobile"}"#, #"{"type":2}"#, #"{"inference":null}"#, #"{"source":{"type":"User"}}"#,
      #"{"allowedAudiences":null}"#, #"{"allowedAudiences":"unknownFutureValue"}"#, #"{"id":"other"}"#,
      #"{"createdBy":{"user":{}}}"#, #"{"@odata.etag":"W/\"1\""}"#, PagePhone.json(),
    ]
    for body in bodies { #expect(try change(body) == .unchanged(item), "\(body)") }
  }

  /// The entity tag of a version, as it stands in a JSON string.
  private static func tag(_ number: Int64) -> String {
    Version(number: number).entityTag.replacing("\"", with: "\\\"")
  }

  /// What the official Python SDK sends after reading the item: times cut to six digits, with an offset.
  private func echo(_ tag: String = Self.tag(3)) -> String {
    let head = "{\"@odata.type\":\"#microsoft.graph.itemPhone\",\"@odata.context\":\"c\",\"@odata.etag\":\"\(tag)\","
    return head + PagePhone.json().replacing("12.2294868Z", with: "12.229486+00:00").dropFirst()
  }

  @Test("A whole-object echo changes nothing")
  func wholeObjectEcho() throws {
    #expect(try change(echo()) == .unchanged(PagePhone.item()))
    #expect(try change(echo(Self.tag(2))) == .unchanged(PagePhone.item()))
  }

  @Test("A whole-object echo with one change keeps what it echoes and stamps the change")
  func echoWithChange() throws {
    let body = echo().replacing("\"number\":\"+7 499 234 56 78\"", with: "\"number\":null")
    let (item, row) = try updated(body)
    #expect(item.text.contains("\"createdDateTime\":\"2020-07-06T06:34:12.2294868Z\""))
    #expect(item.text.contains("\"lastModifiedDateTime\":\"\(now)\""))
    #expect(item.text.hasSuffix("\"number\":null}"))
    #expect(Set(row.properties) == ["lastModifiedDateTime", "lastModifiedBy", "number"])
  }

  @Test("Stamps that are sent are stored")
  func stampMembers() throws {
    let (item, row) = try updated(
      #"{"lastModifiedDateTime":"2021-01-01T00:00:00Z","createdBy":{"user":{"displayName":"P"}}}"#)
    #expect(item.text.contains("\"lastModifiedDateTime\":\"2021-01-01T00:00:00Z\""))
    #expect(
      item.text.contains(
        #""createdBy":{"user":{"id":"efee1b77-fb3b-4f65-99d6-274c11914d12","displayName":"P"}}"#))
    #expect(item.text.contains("\"lastModifiedBy\":\(popov)"))
    #expect(Set(row.properties) == ["lastModifiedDateTime", "createdBy", "lastModifiedBy"])
    let (whole, _) = try updated(
      #"{"createdDateTime":"2019-01-01T00:00:00Z","lastModifiedBy":{"application":{"id":"a"},"user":null}}"#)
    #expect(whole.created == (try DateTimeOffset("2019-01-01T00:00:00Z".utf8)))
    #expect(whole.text.contains(#""lastModifiedBy":{"application":{"id":"a","displayName":null}}"#))
  }

  @Test("Times a millisecond apart are a change, closer ones an echo")
  func closeTimes() throws {
    let close = #"{"createdDateTime":"2020-07-06T06:34:12.2304867Z"}"#
    #expect(try change(close) == .unchanged(PagePhone.item()))
    let apart = try updated(#"{"createdDateTime":"2020-07-06T06:34:12.2304868Z"}"#)
    #expect(apart.item.text.contains("12.2304868Z\",\"createdBy\""))
  }

  @Test("Stamps of an older copy count as not sent; those of the current one are stored")
  func staleCopies() throws {
    let members = #""createdDateTime":"2019-01-01T00:00:00Z","lastModifiedDateTime":"2019-01-01T00:00:00Z""#
    for tag in [Self.tag(2), String(Self.tag(4).dropFirst(2)), "", "3", Version(number: 3).opaqueTag] {
      #expect(try change("{\"@odata.etag\":\"\(tag)\",\(members)}") == .unchanged(PagePhone.item()), "\(tag)")
      let (item, _) = try updated("{\"@odata.etag\":\"\(tag)\",\"number\":\"1\",\(members)}")
      #expect(item.text.contains("\"createdDateTime\":\"2020-07-06T06:34:12.2294868Z\""))
      #expect(item.text.contains("\"lastModifiedDateTime\":\"\(now)\""))
    }
    for tag in [Self.tag(3), String(Self.tag(3).dropFirst(2))] {
      let (item, _) = try updated("{\"@odata.etag\":\"\(tag)\",\(members)}")
      #expect(item.text.contains("\"createdDateTime\":\"2019-01-01T00:00:00Z\""))
      #expect(item.text.contains("\"lastModifiedDateTime\":\"2019-01-01T00:00:00Z\""))
    }
  }

  @Test("The stamp names the person who acted, or the application without a user")
  func stamps() throws {
    let unnamed = People.person(People.innocenty)
    #expect(try updated(#"{"number":"1"}"#, by: unnamed).item.text.contains("\"lastModifiedBy\":\(popov)"))
    let colleague = People.person(People.colleague)
    #expect(
      try updated(#"{"number":"1"}"#, by: colleague, audience: "organization").item.text.contains(
        #""lastModifiedBy":{"user":{"id":"colleague","displayName":null}}"#))
    let (item, row) = try updated(#"{"number":"1"}"#, by: People.application())
    #expect(
      item.text.contains(#""lastModifiedBy":{"application":{"id":"app-1","displayName":"Sync"}}"#))
    #expect(row.actingUser == nil)
    #expect(row.actingApplication == "app-1")
  }

  @Test("null clears the type, and an audience of null is me")
  func nulls() throws {
    #expect(try updated(#"{"type":null}"#).item.text.contains("\"type\":null"))
    let (item, _) = try updated(#"{"allowedAudiences":null}"#, audience: "everyone")
    #expect(item.audience == .me)
    #expect(item.text.contains("\"allowedAudiences\":\"me\""))
    #expect(try updated(#"{"allowedAudiences":"family, everyone"}"#).item.audience == [.family, .everyone])
  }

  @Test("Undeclared members of several updates together stay within the bound")
  func undeclaredMembers() throws {
    func body(_ range: Range<Int>) -> String {
      "{\"createdBy\":{\"user\":{" + range.map { "\"m\($0)\":1" }.joined(separator: ",") + "}}}"
    }
    let first = try updated(body(0..<16)).item
    let operation = UpdateItem(
      key: PagePhone.key, type: PhoneBody.type, patch: try PhoneBody.read(body(16..<17)), preconditions: .none,
      stamp: People.stamp(owner))
    #expect(
      throws: ProfileError.body(.tooLarge(property: "createdBy/user", bound: "at most 16 undeclared members"))
    ) {
      try operation.change(ItemState(owner: PagePhone.owner, item: first))
    }
  }

  @Test("A stored item that is not of its type is reported as damage, without its content")
  func damage() throws {
    let item = try PagePhone.item()
    let broken = StoredItem(
      key: item.key, version: item.version, audience: .me, created: item.created,
      json: Array("{\"number\":7,\"x\":\"\(PhoneBody.canary)\"}".utf8), collapsible: nil)
    let operation = UpdateItem(
      key: item.key, type: PhoneBody.type, patch: StructuredPatch(of: PhoneBody.type), preconditions: .none,
      stamp: People.stamp(owner))
    #expect(throws: ProfileError.store(.damaged("A stored item is not of its type."))) {
      try operation.change(ItemState(owner: PagePhone.owner, item: broken))
    }
  }
}
