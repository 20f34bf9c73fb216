import CFaultyStorage
import FaultHistory
import Foundation
import OData
import Profiles
import Stores

/// What came of one case.
struct CaseOutcome {
  var hasFired = false
  var answers = FaultAnswers()
  var violations: [String] = []
}

extension Case {
  private static let history = FaultHistory()

  /// Opens the store and performs the history while the storage fails, then looks at what is there with an untouched SQLite.
  func run(in place: Workplace, template: String?) throws -> CaseOutcome {
    try place.prepare(template)
    var outcome = CaseOutcome()
    let status = Child.run {
      let words = open(place.lastWords, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      dup2(words, 2)
      return perform(in: place)
    }
    for line in Report.lines(place.report) {
      let parts = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      if parts[0] == "calls" { outcome.hasFired = Int(parts[1]).map { $0 >= number } ?? false }
      guard parts.count == 3, let answer = FaultAnswer(rawValue: parts[1]) else { continue }
      outcome.answers.take(parts[0], answer, parts[2])
    }
    if status == nil, kind == faulty_memory, place.isEndedByGRDB {
      outcome.hasFired = true
    } else if status != 0 {
      outcome.violations.append("The process that was to write ended with \(status.map(String.init) ?? "a signal")")
    }
    try? FileManager.default.removeItem(atPath: place.report)
    let answers = outcome.answers
    let verdict = Child.run { Self.look(at: place, answers) }
    outcome.violations += Report.lines(place.report)
    if verdict != 0 {
      outcome.violations.append("The process that was to look ended with \(verdict.map(String.init) ?? "a signal")")
    }
    return outcome
  }

  /// How many calls there are when none fails: until the store is closed, and in all.
  func count(in place: Workplace, template: String?) throws -> (open: Int, all: Int) {
    try place.prepare(template)
    var counted = self
    counted.number = 0
    counted.ending = .closed
    _ = Child.run { counted.perform(in: place) }
    let calls = Report.lines(place.report).filter { $0.hasPrefix("calls|") }.compactMap {
      Int($0.split(separator: "|")[1])
    }
    return (calls.first ?? 0, calls.last ?? 0)
  }

  private func perform(in place: Workplace) -> Int32 {
    let report = Report(place.report)
    guard faulty_install() == 0 else { return 2 }
    faulty_arm(kind, number, isForEver ? 1 : 0)
    var options = SQLiteOptions(checksIntegrity: false)
    options.logPages = 8
    do throws(StoreOpenError) {
      let store = try SQLiteStore.open(place.database, options: options)
      Self.history.run(on: store, hasBegun: beginning != .empty) { name, answer, detail in
        report.line("\(name)|\(answer.rawValue)|\(detail)")
        return answer == .acknowledged || ending != .atOnce
      }
      report.line("calls|\(faulty_count())")
      if ending == .closed { store.close() }
    } catch {
      report.line("open|refused|\(error)")
    }
    report.line("calls|\(faulty_count())")
    return 0
  }

  private static func look(at place: Workplace, _ answers: FaultAnswers) -> Int32 {
    let report = Report(place.report)
    do throws(StoreOpenError) {
      let store = try SQLiteStore.open(place.database, options: SQLiteOptions(checksIntegrity: false))
      if store.health != .healthy { report.line("It opens and refuses: \(store.health)") }
      for violation in history.verdict(answers, store) { report.line(violation) }
      store.close()
    } catch {
      report.line("It does not open: \(error)")
    }
    return 0
  }
}

/// Directories that runs begin with.
struct Templates {
  let directory: String

  func path(_ beginning: Beginning) -> String? { beginning == .empty ? nil : "\(directory)/\(beginning.rawValue)" }

  func make() throws {
    for beginning in Beginning.allCases {
      guard let path = path(beginning) else { continue }
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let status = Child.run {
        guard let store = try? SQLiteStore.open(path + "/facet.db", options: SQLiteOptions(checksIntegrity: false))
        else {
          return 1
        }
        var rest = FaultHistory().beginning[...]
        guard (try? store.importLines(at: .init(unixSeconds: 0)) { rest.popFirst() }) != nil else { return 1 }
        if beginning == .closed { store.close() }
        return 0
      }
      guard status == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
  }
}
