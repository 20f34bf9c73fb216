import Fixtures
import Foundation
import Profiles
import StoreConformance
import Testing

@testable import Stores

/// A process that copies a database of the layout before is killed again and again.
@Suite("Migrations that are killed", .serialized)
struct SQLiteMigrationKillTests {
  private static let people = 8_000
  private static let killsMax = 40
  private static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("facet")

  /// Runs `facet migrate`, kills it after a time, and returns whether it had ended before.
  private static func migrate(_ directory: String, killAfter seconds: Double = 600) throws -> Bool {
    let process = Process()
    process.executableURL = binary
    process.arguments = ["migrate", "--data", directory]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try ProcessGate.run(process)
    let end = ContinuousClock.now + .seconds(seconds)
    while process.isRunning, ContinuousClock.now < end { usleep(2_000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .exit && process.terminationStatus == 0
  }

  @Test("Whenever it is killed, the next one goes on, and all is there in the end")
  func killing() async throws { try await blocking { try Self.killAgainAndAgain() } }

  private static func killAgainAndAgain() throws {
    var random = SeededGenerator.replayable("Killed migrations")
    let (scratch, copy) = (try Scratch(), try Scratch())
    defer {
      scratch.remove()
      copy.remove()
    }
    let directory = try LegacyDirectory.make(at: scratch.database) { try $0.fill(people: people, &random) }
    for file in ["audit.key", "facet.db"] {
      try FileManager.default.copyItem(atPath: "\(scratch.directory)/\(file)", toPath: "\(copy.directory)/\(file)")
    }
    let start = ContinuousClock.now
    #expect(try migrate(copy.directory))
    let whole = (ContinuousClock.now - start) / .seconds(1)
    var kills = 0
    // Each run may last a little longer than the one before, so that the last one ends however busy the machine is.
    let seconds = (1...killsMax).map { whole / 12 * Double($0) * Double(random.next() % 1_000) / 1_000 }
    while kills < killsMax, try !migrate(scratch.directory, killAfter: seconds[kills]) { kills += 1 }
    print("Killed \(kills) times; undisturbed it takes \(whole) s.")
    #expect(kills >= 1)
    #expect(try kills < killsMax || migrate(scratch.directory))
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    #expect(try store.content() == directory.lines)
    store.close()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted()
        == ["audit.key", "facet.db", "facet.lock"])
  }
}
