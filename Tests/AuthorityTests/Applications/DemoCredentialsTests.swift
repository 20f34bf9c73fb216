import Testing

@testable import Authority

@Suite("Credentials of a demo")
struct DemoCredentialsTests {
  @Test("Demo credentials are new with each start")
  func demoCredentials() {
    let (demo, other) = (DemoCredentials(), DemoCredentials())
    #expect(other.clientSecret != demo.clientSecret)
    #expect(other.identityHeader != demo.identityHeader)
    #expect(other.clientSecret.utf8.count == 43)
  }
}
