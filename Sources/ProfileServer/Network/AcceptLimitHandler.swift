import NIOCore
import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Stops a listener from accepting connections while there is no room for more. Owned by the event loop of its
/// listener.
///
/// After a failed `accept`, NIO stays interested in the socket, which stays readable, so the event loop would spin.
/// Only turning `autoRead` off removes the interest.
final class AcceptLimitHandler: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  private let budget: ConnectionBudget
  private var context: ChannelHandlerContext?
  private var isPaused = false
  /// Set while the operating system has no free descriptors.
  private var retry: Scheduled<Void>?

  /// A handler that accepts while `budget` has room.
  init(_ budget: ConnectionBudget) { self.budget = budget }

  /// Adds a handler to the front of the pipeline of `listener`, and lets it accept one connection at a time: more could
  /// not be counted in time. Throws when the listener is closed.
  static func add(to listener: any Channel, _ budget: ConnectionBudget) async throws {
    try await listener.eventLoop.submit {
      try listener.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
      let handler = AcceptLimitHandler(budget)
      try listener.pipeline.syncOperations.addHandler(handler, position: .first)
      let (loop, bound) = (listener.eventLoop, NIOLoopBound(handler, eventLoop: listener.eventLoop))
      budget.addObserver { loop.execute { bound.value.update() } }
    }.get()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    update()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    retry?.cancel()
  }

  func read(context: ChannelHandlerContext) {
    update()
    if !isPaused { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError, Self.isExhaustion(error.errnoCode) else {
      return context.fireErrorCaught(error)
    }
    budget.descriptorsExhausted(error)
    retry?.cancel()
    retry = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(Limits.acceptRetrySeconds))) { [self] in
      retry = nil
      update()
    }
    update()
  }

  /// Pauses or resumes as the budget and the retry demand.
  private func update() {
    guard let context, isPaused != (budget.isFull || retry != nil) else { return }
    isPaused.toggle()
    // Fails only when the listener is closed, which accepts nothing anyway.
    try? context.channel.syncOptions?.setOption(.autoRead, value: !isPaused)
  }

  private static func isExhaustion(_ code: Int32) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }
}
