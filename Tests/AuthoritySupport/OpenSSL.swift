import Fixtures
import Foundation

/// Runs the real `openssl`, and other programs; a machine without it fails the test.
///
/// Programs are waited for on threads of their own: a listener of the same process may need the cooperative pool, which
/// has as few threads as the machine has processors, to answer them.
public enum OpenSSL {
  /// Runs `openssl`. Throws when it cannot be started.
  public static func run(_ arguments: [String], input: String = "") async throws -> (status: Int32, output: String) {
    try await program(["openssl"] + arguments, input: input)
  }

  /// Runs a program that is found by its name. Throws when it cannot be started.
  public static func program(
    _ command: [String], input: String = ""
  ) async throws -> (status: Int32, output: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try wait(for: command, input) }) }.start()
    }
  }

  private static func wait(for command: [String], _ input: String) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try ProcessGate.run(process)
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// The line with the serial number of a certificate in a file.
  public static func serial(_ path: String) async throws -> String {
    try await run(["x509", "-noout", "-serial", "-in", path]).output
  }
}
