import OData
import Testing

@testable import Profiles

@Suite("What every write of a person checks and fills in")
struct UserRulesTests {
  private let id = People.known(UserID("new"))

  private func created(_ json: String) throws -> StructuredValue {
    let patch = try EntityReader(.create).read(Array(json.utf8), as: ProfileModel.user)
    let operation = try CreateUser(user: id, patch: patch, manager: nil, stamp: People.stamp(People.application()))
    guard case .put(let person, _) = try operation.change(PersonState(person: nil)) else {
      throw ProfileError.userNotFound
    }
    return try #require(StructuredValue(stored: person.json, of: ProfileModel.user))
  }

  private func updated(_ person: String, _ json: String) throws -> (value: StructuredValue, log: [String]) {
    let stored = StoredUser(
      id: id, tenant: People.contoso, principalName: nil, displayName: "A", version: .first, json: Array(person.utf8))
    let operation = UpdateUser(
      user: id, patch: try EntityReader(.update).read(Array(json.utf8), as: ProfileModel.user), manager: nil,
      preconditions: Preconditions(ifMatch: nil, ifNoneMatch: nil), stamp: People.stamp(People.application()))
    guard case .put(let person, let change) = try operation.change(PersonState(person: stored)) else {
      throw ProfileError.userNotFound
    }
    return (try #require(StructuredValue(stored: person.json, of: ProfileModel.user)), change.properties)
  }

  private func member(_ name: String, _ value: StructuredValue) throws -> Value {
    value.members[try #require(ProfileModel.user.property(named: name)).index]
  }

  @Test("A new person has an enabled account of a member, an alias, a mail address by protocol and a time")
  func defaults() throws {
    let value = try created(#"{"displayName":"A","userPrincipalName":"ada.l@x.example","mail":"Ada@x.example"}"#)
    #expect(try member("accountEnabled", value) == .bool(true))
    #expect(value.string("userType") == "Member")
    #expect(value.string("mailNickname") == "ada.l")
    #expect(try member("createdDateTime", value) == .dateTime(People.now))
    #expect(value.texts("proxyAddresses") == ["SMTP:Ada@x.example"])
  }

  @Test("What a body says of these comes before the default")
  func given() throws {
    let value = try created(
      #"{"displayName":"A","accountEnabled":false,"userType":"Guest","mailNickname":"x","userPrincipalName":"a@b.example"}"#
    )
    #expect(try member("accountEnabled", value) == .bool(false))
    #expect(value.string("userType") == "Guest" && value.string("mailNickname") == "x")
    #expect(value.texts("proxyAddresses").isEmpty)
  }

  @Test("A password is not stored and not in the log")
  func password() throws {
    let body =
      #"{"displayName":"A","passwordProfile":{"password":"s3cret-s3cret","forceChangePasswordNextSignIn":true}}"#
    let patch = try EntityReader(.create).read(Array(body.utf8), as: ProfileModel.user)
    let operation = try CreateUser(user: id, patch: patch, manager: nil, stamp: People.stamp(People.application()))
    guard case .put(let person, let change) = try operation.change(PersonState(person: nil)) else {
      Issue.record("Nothing was written")
      return
    }
    #expect(!String(decoding: person.json, as: UTF8.self).contains("assword"))
    #expect(!change.properties.contains("passwordProfile"))
  }

  @Test("The main address by protocol follows the mail address, and others stay")
  func proxyAddresses() throws {
    let person =
      #"{"id":"new","displayName":"A","mail":"a@x.example","proxyAddresses":["SMTP:a@x.example","smtp:b@x.example"]}"#
    let (value, log) = try updated(person, #"{"mail":"c@x.example"}"#)
    #expect(value.texts("proxyAddresses") == ["SMTP:c@x.example", "smtp:b@x.example"])
    #expect(log.sorted() == ["mail", "proxyAddresses"])
    #expect(try updated(person, #"{"mail":null}"#).value.texts("proxyAddresses") == ["smtp:b@x.example"])
  }

  @Test("The class of legal age follows the age band and the consent")
  func legalAge() throws {
    let person = #"{"id":"new","displayName":"A"}"#
    for (age, consent, expected) in [
      ("\"Adult\"", "null", "Adult"), ("\"minor\"", "\"Granted\"", "MinorWithParentalConsent"),
      ("\"Minor\"", "null", nil), ("\"NotAdult\"", "\"Denied\"", "NotAdult"),
    ] as [(String, String, String?)] {
      let (value, _) = try updated(person, "{\"ageGroup\":\(age),\"consentProvidedForMinor\":\(consent)}")
      #expect(value.string("legalAgeGroupClassification") == expected, "\(age) \(consent)")
    }
  }

  @Test("Values that Graph refuses are refused by name")
  func refusals() {
    let long = String(repeating: "a", count: Limits.mailNicknameBytesMax + 1)
    for (body, name) in [
      (#"{"accountEnabled":null}"#, "accountEnabled"), (#"{"userType":null}"#, "userType"),
      (#"{"userType":"Robot"}"#, "userType"), (#"{"ageGroup":"old"}"#, "ageGroup"),
      (#"{"usageLocation":"DEU"}"#, "usageLocation"), (#"{"usageLocation":"4E"}"#, "usageLocation"),
      (#"{"passwordPolicies":"None,Everything"}"#, "passwordPolicies"), (#"{"mailNickname":"a b"}"#, "mailNickname"),
      (#"{"mailNickname":"a@b"}"#, "mailNickname"), ("{\"mailNickname\":\"\(long)\"}", "mailNickname"),
      (#"{"employeeId":"12345678901234567"}"#, "employeeId"),
    ] {
      let person = #"{"id":"new","displayName":"A","accountEnabled":true,"userType":"Member"}"#
      do {
        _ = try updated(person, body)
        Issue.record("\(body) was accepted")
      } catch {
        guard case .body(let fault)? = error as? ProfileError else {
          Issue.record("\(body): \(error)")
          continue
        }
        #expect(fault.property == name)
      }
    }
  }

  @Test("Values at their bounds are accepted")
  func bounds() throws {
    let person = #"{"id":"new","displayName":"A"}"#
    let alias = String(repeating: "a", count: Limits.mailNicknameBytesMax)
    for body in [
      "{\"mailNickname\":\"\(alias)\"}", #"{"employeeId":"1234567890123456"}"#, #"{"usageLocation":"de"}"#,
      #"{"passwordPolicies":"DisablePasswordExpiration, DisableStrongPassword"}"#, #"{"userType":"guest"}"#,
      #"{"mailNickname":null}"#,
    ] where body != #"{"mailNickname":null}"# {
      _ = try updated(person, body)
    }
  }
}
