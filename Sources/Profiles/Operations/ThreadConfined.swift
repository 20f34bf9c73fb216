/// A value that only one thread uses, although a closure that crosses threads carries it there and back.
///
/// Safety: made only for closures that run inside `resume`, on the thread of the session that made them.
struct ThreadConfined<Value>: @unchecked Sendable {
  let value: Value
}
