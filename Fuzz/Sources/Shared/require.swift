/// Stops the fuzzer with `reason` when a property does not hold. The message names the fault, and the fuzzer keeps the
/// input.
func require(_ holds: Bool, _ reason: @autoclosure () -> String) {
  if !holds { broken(reason()) }
}

/// Stops the fuzzer: a property does not hold.
func broken(_ reason: String) -> Never { fatalError("Broken property: \(reason)") }

/// Checks that a message is one short line, whatever was sent.
func requireReadable(_ message: String) {
  require(!message.isEmpty, "an error says nothing")
  require(message.utf8.count < 2_000, "an error says \(message.utf8.count) bytes")
  require(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an error holds a control character")
}
