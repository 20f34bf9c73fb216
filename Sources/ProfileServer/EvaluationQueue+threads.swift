import NIOCore
import NIOPosix
public import Profiles

extension EvaluationQueue {
  /// A queue that uses threads for half of the processors, at least one, and leaves the others to the event loops.
  public static func onThreads() -> EvaluationQueue {
    EvaluationQueue(threads: System.coreCount / 2) { work in NIOThreadPool.singleton.submit { _ in work() } }
  }
}
