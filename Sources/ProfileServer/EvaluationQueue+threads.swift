import NIOCore
import NIOPosix
public import Profiles

extension EvaluationQueue {
  /// A queue on half of the processors, at least one, so that event loops find the others free.
  public static func onThreads() -> EvaluationQueue {
    EvaluationQueue(threads: System.coreCount / 2) { work in NIOThreadPool.singleton.submit { _ in work() } }
  }
}
