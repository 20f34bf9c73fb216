import Foundation
import NIOCore

/// Connections of HTTP/1.1 through the whole channel pipeline: however the bytes arrive, the answers are the same, each
/// is well formed, and no request has two.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let script = Script(UnsafeBufferPointer(start: data, count: count), words: service.words) else { return 0 }
  do {
    var first: [ComparableAnswer]?
    for segmentation in Script.Segmentation.allCases {
      let exchange = try exchange(script, segmentation)
      if let fault = Verdict.fault(of: exchange) { broken("\(segmentation): \(fault)") }
      let answers = Verdict.comparable(exchange)
      require(answers == first ?? answers, "\(segmentation): the answers are not those to the same bytes at once")
      first = answers
    }
  } catch {
    broken("\(error)")
  }
  return 0
}

/// Runs before the first input: what never finds anything would look as good as what has nothing to find.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
  for fault in SelfTest.faults(on: service) { broken("the self-test: \(fault)") }
  atexit { service.end() }
  return 0
}

// Safety: libFuzzer calls from one thread alone, and the store's threads reach the service through its mailbox.
nonisolated(unsafe) private let service: Service = {
  do { return try Service() } catch { broken("no service: \(error)") }
}()

/// One connection of its own, on a store that is as at the beginning.
private func exchange(_ script: Script, _ segmentation: Script.Segmentation) throws -> Exchange {
  try service.reset()
  return try Connection(to: service).run(script, segmentation)
}
