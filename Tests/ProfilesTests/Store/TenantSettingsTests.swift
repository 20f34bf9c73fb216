import OData
import Testing

@testable import Profiles

@Suite("Settings of a tenant as they are stored")
struct TenantSettingsTests {
  private static func read(_ policy: String) -> TenantSettings? {
    TenantSettings(id: .demo, json: Array(#"{"policy":\#(policy)}"#.utf8))
  }

  @Test("Settings that cannot be read are none, rather than those of a tenant that decided nothing")
  func unreadable() {
    for policy in [
      #"{"administrators":""}"#, #"{"administrators":"."}"#, #"{"writersOfOthers":"x"}"#, #"{"unknown":1}"#,
      #"{"allowedAudiences":{"phones":"x"}}"#, #"{"createsUnknownPeople":"true"}"#,
    ] {
      #expect(Self.read(policy) == nil, "\(policy)")
    }
    #expect(Self.read(#"{"administrators":"g"}"#)?.policy.administrators == GroupID("g"))
    #expect(Self.read("{}")?.policy == TenantPolicy())
  }

  @Test("Domains, technical mail addresses and withheld properties come back as they were stored")
  func organization() throws {
    let settings = TenantSettings(
      id: .demo, name: "N", policy: TenantPolicy(withheldProperties: ["mail", "city"]),
      domains: try ["b.example", "a.b.example"].map { try #require(DomainName($0)) }, technicalMails: ["x@b.example"])
    #expect(TenantSettings(id: .demo, json: settings.json) == settings)
    for json in [
      #"{"domains":["b.example","B.example"]}"#, #"{"domains":["b"]}"#, #"{"domains":[""]}"#, #"{"domains":5}"#,
      #"{"technicalNotificationMails":[""]}"#,
    ] {
      #expect(TenantSettings(id: .demo, json: Array(json.utf8)) == nil, "\(json)")
    }
    for (count, isRead) in [(Limits.domainsMax, true), (Limits.domainsMax + 1, false)] {
      let names = (0..<count).map { "\"d\($0).example\"" }.joined(separator: ",")
      #expect((TenantSettings(id: .demo, json: Array("{\"domains\":[\(names)]}".utf8)) != nil) == isRead)
    }
    for (count, isRead) in [(Limits.technicalMailsMax, true), (Limits.technicalMailsMax + 1, false)] {
      let mails = (0..<count).map { "\"m\($0)\"" }.joined(separator: ",")
      let json = "{\"technicalNotificationMails\":[\(mails)]}"
      #expect((TenantSettings(id: .demo, json: Array(json.utf8)) != nil) == isRead)
    }
    #expect(TenantPolicy(withheldProperties: ["mail"]).namesExistOnly)
    #expect(!TenantPolicy(withheldProperties: ["displayName"]).namesExistOnly)
  }

  @Test("A domain has labels of letters, digits and hyphens, and is compared in any case")
  func domainNames() {
    let label = String(repeating: "a", count: DomainName.labelBytesMax)
    for name in ["a.b", "Contoso.Example", "x-1.example", "\(label).example"] {
      #expect(DomainName(name)?.text == name.lowercased(), "\(name)")
    }
    let long = String(repeating: "a.", count: DomainName.bytesMax / 2) + "a"
    #expect(long.utf8.count == DomainName.bytesMax && DomainName(long) != nil)
    for name in [
      "", "a", ".a", "a.", "a..b", "-a.b", "a-.b", "a b.c", "ä.example", "\(label)a.example", "a\(long)", "a.b\0",
    ] {
      #expect(DomainName(name) == nil, "\(name)")
    }
    #expect(DomainName("Contoso.example") == DomainName("contoso.EXAMPLE"))
  }
}
