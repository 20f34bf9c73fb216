import OData

/// How long a node has left questions unanswered, of the time in which this process did wait for it.
///
/// On a busy machine the thread that asks can be late by seconds. That time tells nothing of the node: it may have answered
/// long ago, or have waited for what this process was to send next.
struct PostgreSQLSilence {
  /// From when on the silence is long.
  let maxSeconds: Int
  private var seconds = 0.0
  private var hasBegun = false

  /// No silence yet.
  init(maxSeconds: Int) { self.maxSeconds = maxSeconds }

  /// Whether a node that is silent so long counts as away.
  var isLong: Bool { hasBegun && seconds >= Double(maxSeconds) }

  /// Counts a question that was left unanswered, or a connection that was not made, after `duration` seconds. What took a
  /// second more than any question may take was late here.
  mutating func addQuestion(seconds duration: Double) {
    guard duration < Double(Limits.nodeConnectSeconds + 1) else { return }
    // Between two questions the node was not asked, and did not answer either.
    seconds += min(duration, Double(Limits.nodeConnectSeconds)) + (hasBegun ? Double(Limits.nodeQuestionSeconds) : 0)
    hasBegun = true
  }

  /// The node has answered, or is not asked.
  mutating func end() { (seconds, hasBegun) = (0, false) }
}
