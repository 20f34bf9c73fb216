import CFaultyStorage
import FaultHistory
import Foundation
import Stores

/// What a directory holds before a run.
enum Beginning: String, CaseIterable {
  /// Nothing: the database is made.
  case empty
  /// What a server left that was stopped.
  case closed
  /// What a server left that was killed: its log is there.
  case killed
}

/// How a run ends.
enum Ending: String, CaseIterable {
  /// Killed as soon as something was not acknowledged.
  case atOnce
  /// Killed after the whole history.
  case later
  /// Stopped after the whole history.
  case closed
}

/// Which call fails, and what is done around it.
struct Case {
  var kind: faulty_kind
  var isForEver: Bool
  var beginning: Beginning
  var ending: Ending
  /// Of the calls of this kind, from the opening of the store on.
  var number: Int

  var description: String {
    "\(Self.name(kind)) \(number) \(isForEver ? "for ever" : "once"), \(beginning.rawValue), \(ending.rawValue)"
  }

  static let kinds: [(faulty_kind, String)] = [
    (faulty_read, "read"), (faulty_write, "write"), (faulty_short_write, "short write"), (faulty_full, "full disk"),
    (faulty_sync, "sync"), (faulty_truncate, "truncate"), (faulty_lock, "lock"), (faulty_shared_map, "shared map"),
    (faulty_shared_lock, "shared lock"), (faulty_open, "open"), (faulty_delete, "delete"),
    (faulty_file_size, "file size"), (faulty_memory, "memory"),
  ]

  static func name(_ kind: faulty_kind) -> String { kinds.first { $0.0 == kind }?.1 ?? "?" }
}

/// Runs in processes of their own, because a run ends its process.
enum Child {
  /// Runs `body` in a copy of this process, for at most so many seconds; returns its exit status, or nil when it was ended by
  /// a signal.
  static func run(seconds: UInt32 = 30, _ body: () -> Int32) -> Int32? {
    let process = faulty_fork()
    guard process != 0 else {
      alarm(seconds)
      _exit(body())
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
  }
}

/// A directory of a run, and what its process tells.
struct Workplace {
  let directory: String
  var database: String { directory + "/data/facet.db" }
  var report: String { directory + "/report" }
  /// What the process says when it ends by a fault of its own.
  var lastWords: String { directory + "/last-words" }

  /// Makes the directory as a run needs it.
  func prepare(_ template: String?) throws {
    let files = FileManager.default
    try? files.removeItem(atPath: directory)
    try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    if let template {
      try files.copyItem(atPath: template, toPath: directory + "/data")
    } else {
      try files.createDirectory(atPath: directory + "/data", withIntermediateDirectories: true)
    }
  }

  /// Whether GRDB ended the process, as it does when SQLite has no memory for it to open a connection or to bind a value of a
  /// migration. That is as good as being killed: nothing more is answered.
  var isEndedByGRDB: Bool {
    ((try? String(contentsOfFile: lastWords, encoding: .utf8)) ?? "").hasPrefix("GRDB/")
  }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

/// What a process tells line by line; what it told is there also when it is ended at once.
struct Report {
  private let descriptor: Int32

  init(_ path: String) { descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600) }

  func line(_ text: String) {
    let line = text.replacing("\n", with: " ") + "\n"
    _ = line.withCString { write(descriptor, $0, strlen($0)) }
  }

  static func lines(_ path: String) -> [String] {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
  }
}
