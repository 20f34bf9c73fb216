import NIOCore
import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Stops a listener from accepting while there is no room for further connections. Belongs to the loop of its listener.
///
/// After a failed `accept` NIO stays interested in the socket, which stays readable, so that the loop spins. Only taking
/// back `autoRead` takes the interest back.
final class AcceptBackPressureHandler: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  private let budget: ConnectionBudget
  private var context: ChannelHandlerContext?
  private var isClosed = false
  /// Set while the system gives no descriptors.
  private var retry: Scheduled<Void>?

  init(_ budget: ConnectionBudget) { self.budget = budget }

  /// Puts a gate before everything else in the pipeline of `listener`, which accepts one connection at a time from then
  /// on: several at once could not be counted in time.
  static func add(to listener: any Channel, _ budget: ConnectionBudget) async throws {
    try await listener.eventLoop.submit {
      try listener.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
      let gate = AcceptBackPressureHandler(budget)
      try listener.pipeline.syncOperations.addHandler(gate, position: .first)
      let (loop, bound) = (listener.eventLoop, NIOLoopBound(gate, eventLoop: listener.eventLoop))
      budget.add { loop.execute { bound.value.update() } }
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
    if !isClosed { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError, Self.isExhaustion(error.errnoCode) else {
      return context.fireErrorCaught(error)
    }
    budget.descriptorsEnded(error)
    retry?.cancel()
    retry = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(Limits.acceptRetrySeconds))) { [self] in
      retry = nil
      update()
    }
    update()
  }

  /// Opens or closes as it must be now.
  private func update() {
    guard let context, isClosed != (budget.isFull || retry != nil) else { return }
    isClosed.toggle()
    // It fails only when the listener is closed, which then accepts nothing anyway.
    try? context.channel.syncOptions?.setOption(.autoRead, value: !isClosed)
  }

  private static func isExhaustion(_ code: Int32) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }
}
