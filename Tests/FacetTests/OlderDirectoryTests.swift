import Fixtures
import Foundation
import HTTPProbe
import Testing

/// Data directories that older versions wrote.
@Suite("Directories of older versions")
struct OlderDirectoryTests {
  @Test("A directory of version 0.1.0 is migrated once, says so, exports the same lines, and is served")
  func firstVersion() async throws {
    guard let archive = try SharedFolder.url("upgrade/facet-0.1.0.tar.gz") else { return }
    let folder = try FacetProcess.temporaryFolder()
    try await unpack(archive, to: folder)
    let data = folder.appending(path: "facet-0.1.0")
    let lines = try String(contentsOf: folder.appending(path: "facet-0.1.0.ndjson"), encoding: .utf8)
    let early = try await FacetProcess.run(["export", "--data", data.path])
    #expect(early.status != 0 && early.errors.contains("older version"), "\(early.errors)")

    let first = try await FacetProcess.run(["migrate", "--data", data.path])
    #expect(first.status == 0 && first.errors.contains("is being copied into the new layout"), "\(first.errors)")
    let second = try await FacetProcess.run(["migrate", "--data", data.path])
    #expect(second.status == 0 && second.errors == "")
    #expect(try await FacetProcess.run(["export", "--data", data.path]).output == lines)
    let check = try await FacetProcess.run(["check", "--data", data.path])
    #expect(check.status == 0, "\(check.output)\(check.errors)")

    let facet = try await FacetProcess.start(data: data)
    let token = try await facet.token(user: Demo.innocentyName)
    let answer = try await facet.probe.request("GET", "/beta/me/profile", token: token)
    #expect(answer.status == 200)
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: folder)
  }

  @Test("A server says in its log that it migrates")
  func log() async throws {
    guard let archive = try SharedFolder.url("upgrade/facet-0.1.0.tar.gz") else { return }
    let folder = try FacetProcess.temporaryFolder()
    try await unpack(archive, to: folder)
    let facet = try await FacetProcess.start(data: folder.appending(path: "facet-0.1.0"))
    #expect(facet.log.contains("is being copied into the new layout"))
    #expect(facet.log.contains("The database has the new layout."))
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: folder)
  }

  private func unpack(_ archive: URL, to folder: URL) async throws {
    let status = try await blocking {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["tar", "-xzf", archive.path, "-C", folder.path]
      try ProcessGate.run(process)
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(status == 0)
  }
}
