import SwiftASN1
import X509

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The DNS names and IP addresses of a server certificate.
struct CertificateNames: Equatable, Sendable {
  private let dnsNames: [String]
  private let addresses: [[UInt8]]

  /// The names of this machine and of `hosts`; nil when a host is neither an address nor a name in ASCII.
  ///
  /// Addresses that mean "every interface" are omitted, because nobody can connect to them.
  init?(hosts: [String]) {
    var dnsNames = ["localhost"]
    var addresses: [[UInt8]] = [[127, 0, 0, 1], Array(repeating: 0, count: 15) + [1]]
    for host in hosts {
      let host = host.lowercased().filter { $0 != "[" && $0 != "]" }
      if let address = Self.address(host) {
        if address.contains(where: { $0 != 0 }), !addresses.contains(address) { addresses.append(address) }
      } else if Self.isDNSName(host) {
        if !dnsNames.contains(host) { dnsNames.append(host) }
      } else {
        return nil
      }
    }
    self.dnsNames = dnsNames
    self.addresses = addresses
  }

  private init(dnsNames: [String], addresses: [[UInt8]]) {
    self.dnsNames = dnsNames
    self.addresses = addresses
  }

  /// The DNS names alone.
  var withoutAddresses: CertificateNames { CertificateNames(dnsNames: dnsNames, addresses: []) }

  /// The names as a certificate extension (RFC 5280 section 4.2.1.6).
  var extensionValue: SubjectAlternativeNames {
    let names = dnsNames.map { GeneralName.dnsName($0) }
    return SubjectAlternativeNames(names + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) })
  }

  /// Whether a certificate has exactly these names.
  func match(_ certificate: Certificate) -> Bool {
    guard let names = try? certificate.extensions.subjectAlternativeNames else { return false }
    return Array(names) == Array(extensionValue)
  }

  /// The constraint that lets an authority sign for these names alone (RFC 5280 section 4.2.1.10). Kinds of names that
  /// it does not constrain, such as mail addresses, do not occur in server certificates.
  var constraints: NameConstraints {
    NameConstraints(
      permittedDNSDomains: dnsNames, permittedIPRanges: addresses.map { ASN1OctetString(contentBytes: Self.range($0)) })
  }

  /// Whether an authority may sign for all of these names. Those made by earlier versions have no constraints.
  func mayBeSigned(by authority: Certificate) -> Bool {
    guard let found = try? authority.extensions.nameConstraints else {
      return authority.extensions[oid: .X509ExtensionID.nameConstraints] == nil
    }
    let ranges = Set(found.permittedIPRanges.map { Array($0.bytes) })
    return found.excludedSubtrees.isEmpty
      && dnsNames.allSatisfy { name in found.permittedDNSDomains.contains { name == $0 || name.hasSuffix("." + $0) } }
      && addresses.allSatisfy { ranges.contains(Array(Self.range($0))) }
  }

  /// One address as a range: itself, then a mask of ones.
  private static func range(_ address: [UInt8]) -> ArraySlice<UInt8> {
    (address + Array(repeating: 0xFF, count: address.count))[...]
  }

  private static func address(_ host: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
    var six = in6_addr()
    if inet_pton(AF_INET6, host, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
    return nil
  }

  private static func isDNSName(_ host: String) -> Bool {
    let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return host.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.count)
          && label.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
      }
  }
}
