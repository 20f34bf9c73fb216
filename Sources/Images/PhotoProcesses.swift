import Foundation
public import OData
public import Profiles
import Synchronization

/// Makes photos in processes of their own, a few at once. Images wait on no thread, and the threads that watch the processes
/// are neither event loops nor those of the pool for `async` functions.
///
/// Whose image is worked on waits with the next one until others had their turn.
public final class PhotoProcesses: PhotoEncoder {
  /// Who sent an image.
  private struct Sender: Hashable {
    let tenant: TenantID
    let actor: Caller.Actor
    let application: String?

    init(_ caller: Caller) {
      tenant = caller.tenant
      actor = caller.actor
      application = caller.applicationID
    }
  }

  private struct Job: Sendable {
    let sender: Sender
    let image: [UInt8]
    let then: @Sendable (Result<EncodedPhoto, PhotoRefusal>) -> Void
  }

  private struct State {
    var waiting: [Job] = []
    /// How many images of each sender wait or are worked on.
    var counts: [Sender: Int] = [:]
    /// How many of them are worked on.
    var running: [Sender: Int] = [:]
    var threads = 0
  }

  private let state = Mutex(State())
  private let process: PhotoProcess
  private let threadsMax: Int

  /// Processes of the program at a path, on half of the processors at once, at least on one. Each may take this many
  /// seconds.
  public init(executable: String = "/proc/self/exe", seconds: Int = Limits.photoSeconds) {
    process = PhotoProcess(executable: executable, seconds: seconds)
    threadsMax = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
  }

  /// Queues an image, or refuses it at once with `busy`.
  public func encode(
    _ image: [UInt8], for caller: Caller, _ then: @escaping @Sendable (Result<EncodedPhoto, PhotoRefusal>) -> Void
  ) {
    let job = Job(sender: Sender(caller), image: image, then: then)
    enum Decision { case refused, waits, starts }
    let decision = state.withLock { state -> Decision in
      guard state.waiting.count < Limits.photosWaitingMax,
        state.counts[job.sender, default: 0] < Limits.photosPerCallerMax
      else { return .refused }
      state.counts[job.sender, default: 0] += 1
      state.waiting.append(job)
      guard state.threads < threadsMax else { return .waits }
      state.threads += 1
      return .starts
    }
    switch decision {
    case .refused: then(.failure(.busy))
    case .waits: break
    case .starts:
      let thread = Thread { [self] in while let job = next() { run(job) } }
      thread.name = "facet-photos"
      thread.start()
    }
  }

  private func run(_ job: Job) {
    let result = process.encode(job.image)
    state.withLock { state in
      Self.lower(&state.counts, job.sender)
      Self.lower(&state.running, job.sender)
    }
    job.then(result)
  }

  /// The next image: the first whose sender has the fewest being worked on. Nil ends the thread.
  private func next() -> Job? {
    state.withLock { state in
      let place = state.waiting.indices.min { left, right in
        state.running[state.waiting[left].sender, default: 0] < state.running[state.waiting[right].sender, default: 0]
      }
      guard let place else {
        state.threads -= 1
        return nil
      }
      let job = state.waiting.remove(at: place)
      state.running[job.sender, default: 0] += 1
      return job
    }
  }

  private static func lower(_ counts: inout [Sender: Int], _ sender: Sender) {
    let rest = counts[sender, default: 1] - 1
    counts[sender] = rest > 0 ? rest : nil
  }
}
