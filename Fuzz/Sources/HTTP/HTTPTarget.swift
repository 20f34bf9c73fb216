import Foundation
import NIOCore

/// Fuzzes HTTP/1.1 connections through the whole channel pipeline: however the bytes arrive, the responses are the
/// same, each is well formed, and no request gets two.
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

/// Runs the self-test before the first input: a check that cannot fail looks like one that finds nothing.
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

/// Runs one connection on a store in its initial state.
private func exchange(_ script: Script, _ segmentation: Script.Segmentation) throws -> Exchange {
  try service.reset()
  return try Connection(to: service).run(script, segmentation)
}
