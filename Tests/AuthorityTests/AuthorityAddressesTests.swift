import Testing

@testable import Authority

@Suite("The addresses of the authority")
struct AuthorityAddressesTests {
  @Test(
    "The public host means this server with and without its port",
    arguments: [
      ("https://people.example:9443", true), ("https://people.example", true), ("http://people.example/", true),
      ("https://people.example/x", false), ("https://people.example:1", false), ("https://other.example", false),
    ])
  func publicHost(resource: String, isAccepted: Bool) throws {
    let addresses = try #require(AuthorityAddresses(publicURL: "https://people.example:9443/"))
    #expect(addresses.isOwnResource(resource) == isAccepted)
  }
}
