import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// A profile of the maximum size.
@Suite("A large profile")
struct LargeProfileTests {
  /// The memory that the server may use beyond what it has sent, in MB.
  private static let growthMax = 10.0

  @Test("A profile of 1,000 items in each collection is streamed, not built")
  func streams() async throws {
    let data = try FacetProcess.temporaryFolder()
    let source = String(repeating: "s", count: 330)
    var lines = [#"{"user":{"id":"u1","displayName":"One"}}"#]
    for collection in ProfileModel.collections {
      for number in 0..<Limits.itemsPerCollectionMax {
        lines.append(
          #"{"userId":"u1","collection":"\#(collection.name)","item":{"id":"\#(number)","source":{"type":"\#(source)"}}}"#
        )
      }
    }
    let imported = try await FacetProcess.run(["import", "--data", data.path], input: lines.joined(separator: "\n"))
    try #require(imported.status == 0, "\(imported.errors)")
    let facet = try await FacetProcess.start(data: data, demo: false)
    let token = try await facet.token(user: "u1")
    _ = try await facet.probe.request("GET", "/beta/me", token: token)
    let before = try ProcessFigures.residentMB(facet.ready.pid)
    let port = facet.httpPort
    let pid = facet.ready.pid
    let (growth, profile) = try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(HTTPProbe.text("GET", "/beta/me/profile", token: token))
      // The client does not read yet, so the server has to keep whatever it generates.
      usleep(1_000_000)
      let growth = try ProcessFigures.residentMB(pid) - before
      let profile = try connection.readAnswer()
      // The next response on the connection, after a chunked one, ends at its own length.
      for _ in 0..<3 {
        try connection.send(HTTPProbe.text("GET", "/beta/me", token: token))
        #expect(try connection.readAnswer().status == 200)
      }
      return (growth, profile)
    }
    #expect(growth < Self.growthMax, "it grew by \(growth) MB")
    #expect(Double(profile.body.count) / 1e6 > Self.growthMax, "the answer must be larger than that to tell")
    #expect(profile.header("Transfer-Encoding") == "chunked")
    for collection in ProfileModel.collections {
      #expect((profile.json[collection.name] as? [Any])?.count == Limits.itemsPerCollectionMax, "\(collection.name)")
    }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }
}
