import Foundation
import OData
import Profiles
import Synchronization
import Testing

@testable import AuthenticationSupport
@testable import Authority
@testable import AuthoritySupport

/// Keys that are made while others wait for them, and signatures that wait for their turn.
extension OwnIssuerTests {
  @Test("Processes that start at the same moment agree on one key")
  func concurrentFirstUse() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/keys"
    let sets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<4 { group.addTask { try await OwnIssuer.load(directory: path).keySet(issuer: "i") } }
      return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
    }
    #expect(sets.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
  }

  @Test("A key of a new directory that no other process shares is made once, however many ask for it")
  func makingOnce() async throws {
    let directory = try TemporaryDirectory()
    let placed = Mutex<[String]>([])
    let path = directory.path
    let own = try await OwnIssuer.load(directory: path) { name, bytes throws(KeyFileError) in
      placed.withLock { $0.append(name) }
      try PrivateFiles.write(bytes, to: "\(path)/\(name)", mode: 0o600, existing: .keep)
    }
    let order = try order()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<16 { group.addTask { _ = try await own.sign(order) } }
      try await group.waitForAll()
    }
    #expect(placed.withLock { $0 } == ["key-0001.pem"])
  }

  @Test("A key that cannot be kept signs nothing, and is kept as soon as it can be")
  func unkeptKey() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let attempts = Mutex<[[UInt8]]>([])
    let own = try await OwnIssuer.load(directory: path) { name, bytes throws(KeyFileError) in
      let count = attempts.withLock { attempts in
        attempts.append(bytes)
        return attempts.count
      }
      guard count > 1 else { throw .notShared(reason: "The database is away.") }
      try PrivateFiles.write(bytes, to: "\(path)/\(name)", mode: 0o600, existing: .keep)
    }
    let order = try order()
    await #expect(throws: SigningFailure.noKey(.notShared(reason: "The database is away."))) {
      try await own.sign(order)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    _ = try await own.sign(order)
    // Making another would have taken as long.
    #expect(attempts.withLock { $0.count == 2 && $0[0] == $0[1] })
  }

  @Test("As many signatures wait as may; the next is refused at once, and a place is free when one is done")
  func signatureQueue() async throws {
    let directory = try TemporaryDirectory()
    _ = try await OwnIssuer.forTests(directory: directory.path)
    let waiting = Mutex<[@Sendable () -> Void]>([])
    let queue = SignatureQueue { work in waiting.withLock { $0.append(work) } }
    let own = try await OwnIssuer.load(KeyFiles(directory: directory.path), signatures: queue)
    let order = try order()
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<Limits.signaturesWaitingMax { group.addTask { try await own.sign(order) } }
      while waiting.withLock(\.count) < Limits.signaturesWaitingMax { await Task.yield() }
      await #expect(throws: SigningFailure.busy) { try await own.sign(order) }
      #expect(GrantRefusal(.busy) == .tooManySignatures)
      waiting.withLock { works in works.removeLast() }()
      _ = try await group.next()
      group.addTask { try await own.sign(order) }
      while waiting.withLock(\.count) < Limits.signaturesWaitingMax { await Task.yield() }
      for work in waiting.withLock({ $0 }) { work() }
      try await group.waitForAll()
    }
  }
}
