import Dispatch
import Foundation
import Profiles
import Synchronization

/// Reads and checks the lines of an import on a separate thread, a bounded number of pieces ahead of the store that
/// writes them. Reading takes about as long as writing.
final class ImportReadAhead: Sendable {
  /// A line, or what is wrong with it, and its number in the file.
  struct Line: Sendable {
    let number: Int
    let content: Result<ImportLine, any Error>
  }

  private let pieces = Mutex<[[Line]]>([])
  private let ready = DispatchSemaphore(value: 0)
  private let room = DispatchSemaphore(value: 0)

  /// Most pieces that wait for the store.
  private static let piecesMax = 4
  /// Most lines of a piece.
  private static let pieceLinesMax = 512
  /// Most bytes of the lines of a piece, which may be exceeded by one line.
  private static let pieceBytesMax = 1 << 20

  /// Begins to read `input`.
  init(_ input: FileHandle, _ reader: ImportLineReader) {
    // A semaphore must not be released with less than it began with, as after an import that was refused.
    for _ in 0..<Self.piecesMax { room.signal() }
    // The thread may outlive an import that was refused: it waits for room or for input, until the command ends.
    Thread { [self] in read(input, reader) }.start()
  }

  /// The next lines; nil at the end. Blocks. The last line of all may be one that could not be read.
  func next() -> [Line]? {
    ready.wait()
    let piece = pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    // The end is found again by whoever asks again.
    if piece == nil { ready.signal() } else { room.signal() }
    return piece
  }

  private func read(_ input: FileHandle, _ reader: ImportLineReader) {
    let lines = LineReader(input)
    var (piece, bytes, isAtEnd) = ([Line](), 0, false)
    while !isAtEnd {
      let content = Result { try lines.next().map { (bytes: $0.count, line: try reader.line($0)) } }
      switch content {
      case .success(nil): isAtEnd = true
      case .success(let read?):
        piece.append(Line(number: lines.lineNumber, content: .success(read.line)))
        bytes += read.bytes
      case .failure(let error):
        piece.append(Line(number: lines.lineNumber, content: .failure(error)))
        isAtEnd = true
      }
      guard isAtEnd || piece.count >= Self.pieceLinesMax || bytes >= Self.pieceBytesMax else { continue }
      give(piece)
      (piece, bytes) = ([], 0)
    }
    ready.signal()
  }

  private func give(_ piece: [Line]) {
    guard !piece.isEmpty else { return }
    room.wait()
    pieces.withLock { $0.append(piece) }
    ready.signal()
  }
}
