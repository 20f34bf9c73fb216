import Foundation
import OData
import Profiles

/// Reads a file line by line. It holds one line and one chunk of the file at a time.
final class LineReader {
  private let file: FileHandle
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  /// The number of the last line, from 1.
  private(set) var lineNumber = 0
  /// The number of bytes read so far, line feeds included.
  private(set) var bytesRead = 0

  private static let pieceBytes = 1 << 16
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  init(_ file: FileHandle) { self.file = file }

  /// The next line that is not blank, without its line feed; nil at the end.
  ///
  /// - Throws: `CommandFailure` for a line longer than `Limits.importLineBytesMax`; the system's error when reading
  ///   fails.
  func next() throws -> [UInt8]? {
    while let line = try nextLine() {
      lineNumber += 1
      bytesRead += line.count + 1
      let trimmed = line.last == 0x0D ? line.dropLast() : line[...]
      let text = trimmed.starts(with: Self.byteOrderMark) ? trimmed.dropFirst(Self.byteOrderMark.count) : trimmed
      guard text.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
      return Array(trimmed)
    }
    return nil
  }

  private func nextLine() throws -> [UInt8]? {
    while true {
      if let end = buffer[start...].firstIndex(of: 0x0A) {
        let line = Array(buffer[start..<end])
        start = end + 1
        return line
      }
      guard buffer.count - start <= Limits.importLineBytesMax else {
        throw CommandFailure("Line \(lineNumber + 1) is longer than \(Limits.importLineBytesMax) bytes.")
      }
      guard !isAtEnd else { return try lastLine() }
      try fill()
    }
  }

  private func lastLine() throws -> [UInt8]? {
    guard start < buffer.count else { return nil }
    let line = Array(buffer[start...])
    start = buffer.count
    return line
  }

  private func fill() throws {
    buffer.removeFirst(start)
    start = 0
    guard let piece = try file.read(upToCount: Self.pieceBytes), !piece.isEmpty else {
      isAtEnd = true
      return
    }
    buffer.append(contentsOf: piece)
  }
}

/// A progress line on the terminal for a long command. Silent when standard error is not a terminal.
final class ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let started = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private let verb: String

  init(_ verb: String) { self.verb = verb }

  /// Shows how many lines are done, at most twice a second.
  func update(_ lines: Int) {
    let now = ContinuousClock.now
    guard isShown, now - lastShown > .milliseconds(500) else { return }
    lastShown = now
    write("\r\(verb) \(lines) records, \((now - started).components.seconds) s")
  }

  /// Shows the final count and the time that it took, and ends the line.
  func finish(_ lines: Int) {
    let seconds = Double((ContinuousClock.now - started) / .milliseconds(1)) / 1_000
    write("\(isShown ? "\r" : "")\(verb) \(lines) records in \(seconds) s.\n")
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
