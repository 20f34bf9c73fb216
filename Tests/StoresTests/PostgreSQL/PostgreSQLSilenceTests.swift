import OData
import Testing

@testable import Stores

/// When a node that leaves questions unanswered counts as away.
@Suite("The silence of a node")
struct PostgreSQLSilenceTests {
  /// The length of the silence after questions that took so many seconds each, and how many it took to be long.
  private static func questions(_ durations: [Double], maxSeconds: Int = Limits.databaseRetrySeconds) -> Int? {
    var silence = PostgreSQLSilence(maxSeconds: maxSeconds)
    for (index, duration) in durations.enumerated() {
      silence.addQuestion(seconds: duration)
      if silence.isLong { return index + 1 }
    }
    return nil
  }

  @Test("A node that refuses connections is away after the time that requests wait for a server")
  func refused() {
    let count = Limits.databaseRetrySeconds / Limits.nodeQuestionSeconds + 1
    #expect(Self.questions([Double](repeating: 0, count: 20)) == count)
  }

  @Test("A node that does not answer is away after two questions")
  func silent() {
    #expect(Self.questions([Double](repeating: Double(Limits.nodeSilenceSeconds), count: 20)) == 2)
    #expect(Self.questions([Double](repeating: Double(Limits.nodeConnectSeconds), count: 20)) == 2)
  }

  @Test("What was late on this machine is no silence, however often")
  func late() {
    let bound = Double(Limits.nodeConnectSeconds + 1)
    #expect(Self.questions([Double](repeating: bound, count: 100)) == nil)
    #expect(Self.questions([bound, bound.nextDown, bound.nextDown]) == 3)
    // One question alone never makes a node be away.
    #expect(Self.questions([bound.nextDown]) == nil)
  }

  @Test("An answer ends the silence, however long ago the one before was")
  func end() {
    var silence = PostgreSQLSilence(maxSeconds: Limits.databaseRetrySeconds)
    for _ in 0..<10 { silence.addQuestion(seconds: Double(Limits.nodeSilenceSeconds)) }
    #expect(silence.isLong)
    silence.end()
    #expect(!silence.isLong)
    silence.addQuestion(seconds: Double(Limits.nodeSilenceSeconds))
    #expect(!silence.isLong)
  }
}
