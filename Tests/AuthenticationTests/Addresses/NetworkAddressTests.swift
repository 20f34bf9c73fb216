import NIOCore
import Testing

@testable import Authentication

@Suite("Addresses and where they lead")
struct NetworkAddressTests {
  @Test(
    "Only addresses of the public Internet are public",
    arguments: [
      ("8.8.8.8", true), ("1.1.1.1", true), ("100.63.255.255", true), ("100.128.0.0", true), ("172.15.255.255", true),
      ("172.32.0.0", true), ("192.167.255.255", true), ("223.255.255.255", true), ("198.20.0.0", true),
      ("2606:4700:4700::1111", true), ("2a00:1450:4001::1", true), ("2001:200::1", true), ("2400::1", true),
      ("0.0.0.0", false), ("0.1.2.3", false), ("10.0.0.1", false), ("10.255.255.255", false), ("100.64.0.0", false),
      ("100.127.255.255", false), ("127.0.0.1", false), ("127.255.255.254", false), ("169.254.169.254", false),
      ("172.16.0.0", false), ("172.31.255.255", false), ("192.0.0.8", false), ("192.0.2.1", false),
      ("192.88.99.1", false), ("192.168.0.1", false), ("198.18.0.1", false), ("198.19.255.255", false),
      ("198.51.100.7", false), ("203.0.113.7", false), ("224.0.0.1", false), ("239.255.255.255", false),
      ("240.0.0.1", false), ("255.255.255.255", false), ("::", false), ("::1", false), ("::8.8.8.8", false),
      ("::ffff:8.8.8.8", false), ("::ffff:127.0.0.1", false), ("64:ff9b::808:808", false), ("64:ff9b:1::1", false),
      ("100::1", false), ("2001::1", false), ("2001:1ff:ffff::1", false), ("2001:db8::1", false),
      ("2002:808:808::1", false), ("3fff::1", false), ("4000::1", false), ("5f00::1", false), ("fc00::1", false),
      ("fdff::1", false), ("fe80::1", false), ("fec0::1", false), ("ff02::1", false),
    ])
  func publicAddresses(text: String, isPublic: Bool) throws {
    let address = try #require(NetworkAddress(text))
    #expect(address.isPublic == isPublic)
  }

  @Test(
    "Loopback is 127.0.0.0/8, ::1 and the former within IPv6",
    arguments: [
      ("127.0.0.1", true), ("127.255.0.7", true), ("::1", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false),
      ("::", false), ("126.255.255.255", false), ("128.0.0.0", false), ("::2", false), ("::127.0.0.1", false),
      ("::ffff:126.0.0.1", false), ("fe80::1", false),
    ])
  func loopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(NetworkAddress(text)).isLoopback == isLoopback)
  }

  @Test("Names, short forms and octal numbers are no addresses")
  func names() {
    for text in ["", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "1.2.3.4.5", "::1%lo"] {
      #expect(NetworkAddress(text) == nil, "\(text)")
    }
  }

  @Test("An address is written as it is read, and that of a socket is the same")
  func text() throws {
    for text in ["192.0.2.7", "2001:db8::7", "::ffff:1.2.3.4"] {
      #expect(try #require(NetworkAddress(text)).text == text)
      #expect(NetworkAddress(try SocketAddress(ipAddress: text, port: 1)) == NetworkAddress(text))
    }
    #expect(NetworkAddress(try SocketAddress(unixDomainSocketPath: "/x")) == nil)
  }

  @Test(
    "A host is this machine's own when all of its addresses are",
    arguments: [
      ("localhost", true), ("127.0.0.1", true), ("127.1", true), ("::1", true), ("0.0.0.0", false), ("::", false),
      ("", false), ("192.0.2.1", false), ("nowhere.invalid", false),
    ])
  func lookup(host: String, isLoopback: Bool) async { #expect(await AddressLookup.isLoopback(host) == isLoopback) }

  @Test(
    "A Host is read in any case, and 127.0.0.0/8 and ::1 in any spelling are this machine",
    arguments: [
      ("localhost", true), ("127.0.0.9", true), ("[::1]", true), ("[0:0:0:0:0:0:0:1]", true), ("128.0.0.1", false),
      ("localhost.evil.example", false), ("127.0.0.1.evil.example", false), ("[::]", false), ("0.0.0.0", false),
    ])
  func hosts(host: String, isLoopback: Bool) { #expect(HostAndPort.isLoopback(host) == isLoopback) }
}
