import Foundation
import ProfileServer
import Profiles
import Stores

/// Imports a file of JSON lines into a store.
struct FileImport {
  /// The clock and the source of ids.
  let environment: ServiceEnvironment

  /// Imports the file at `path`, or standard input when it is nil, all or nothing. Returns the number of lines.
  ///
  /// - Throws: `CommandFailure` when the file cannot be read or a line is wrong, which the sentence names by its
  ///   number. Nothing is changed then, except when the sentence says that the outcome is unknown.
  func run(_ path: String?, into store: any ProfileStore) throws -> Int {
    let input = try path.map(Self.open) ?? .standardInput
    let ahead = ImportReadAhead(input, ImportLineReader(defaultTenant: .demo, environment: environment))
    let progress = ProgressLine("Imported")
    var lines: ArraySlice<ImportReadAhead.Line> = []
    var (lineCount, lineNumber) = (0, 0)
    do {
      let count = try store.importLines(at: environment.now()) {
        if lines.isEmpty { lines = ahead.next()?[...] ?? [] }
        guard let line = lines.popFirst() else { return nil }
        lineNumber = line.number
        lineCount += 1
        progress.update(lineCount)
        return try line.content.get()
      }
      progress.finish(count)
      return count
    } catch let error as CommandFailure {
      throw error
    } catch StoreError.unresolved {
      throw CommandFailure(
        "\(StoreError.unresolved.message) Look with 'facet export' before you repeat it; to repeat it does no harm.")
    } catch {
      let place = lineNumber > 0 ? "Line \(lineNumber): " : ""
      throw CommandFailure("\(place)\(Self.sentence(error)). Nothing was changed.")
    }
  }

  private static func open(_ path: String) throws -> FileHandle {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure("\(path) cannot be read. Check its path and permissions.")
    }
    return file
  }

  private static func sentence(_ error: any Error) -> String {
    let sentence =
      switch error {
      case let error as ImportLineError: error.message
      case let error as ImportError: error.message
      case let error as StoreError: error.message
      default: String(describing: error)
      }
    return sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
  }
}
