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
}
