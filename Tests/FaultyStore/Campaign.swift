import CFaultyStorage
import FaultHistory
import Fixtures
import Foundation

/// Many cases, with what came of them.
struct Campaign {
  let templates: Templates
  let place: Workplace

  /// Cases that differ in nothing but the number of the call.
  private struct Series {
    let first: Case
    /// Calls until the store is closed, and in all.
    let calls: (open: Int, all: Int)
    var runs = 0
    var fired = 0
    var counts: [FaultAnswer: Int] = [:]
    var failures = 0

    /// The case of a number, which decides how it ends, too.
    func numbered(_ number: Int, turn: Int) -> Case {
      var one = first
      one.number = number
      one.ending = number > calls.open ? .closed : Ending.allCases[(number + turn) % Ending.allCases.count]
      return one
    }
  }

  /// Runs cases until the time is over or all were run; prints what was found, and whether nothing was.
  func run(seconds: Double, seed: UInt64, part: Int, of parts: Int) throws -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    var series = try allSeries()
    var random = SeededGenerator(seed: seed)
    var orders = series.map { numbers($0.calls.all, isSampled: seconds.isFinite, &random) }
    var turn = 0
    // The series take turns, so that each gets its share of the time.
    while Date() < end, orders.contains(where: { !$0.isEmpty }) {
      for index in series.indices where !orders[index].isEmpty && Date() < end {
        let number = orders[index].removeFirst()
        guard (number + index) % parts == part else { continue }
        try step(&series[index], number, turn: turn, isWhole: !seconds.isFinite)
      }
      turn += 1
    }
    return report(series)
  }

  /// Runs one case, with all its answers.
  func runOne(_ arguments: [String]) throws -> Bool {
    guard let kind = Case.kinds.first(where: { $0.1 == arguments[1] })?.0, let number = Int(arguments[2]),
      let beginning = Beginning(rawValue: arguments[4]), let ending = Ending(rawValue: arguments[5])
    else { return false }
    let one = Case(
      kind: kind, isForEver: arguments[3] == "ever", beginning: beginning, ending: ending, number: number)
    let outcome = try one.run(in: place, template: templates.path(beginning))
    for violation in outcome.violations { print(violation) }
    print("\(outcome.answers.counts)")
    return outcome.violations.isEmpty
  }

  private func allSeries() throws -> [Series] {
    var all: [Series] = []
    for (kind, _) in Case.kinds {
      for beginning in Beginning.allCases {
        let one = Case(kind: kind, isForEver: false, beginning: beginning, ending: .closed, number: 0)
        let calls = try one.count(in: place, template: templates.path(beginning))
        for isForEver in [false, true] {
          var first = one
          first.isForEver = isForEver
          all.append(Series(first: first, calls: calls))
        }
      }
    }
    return all
  }

  /// The numbers 1 to `count` in an order of which each beginning is spread over all of them.
  private func numbers(_ count: Int, isSampled: Bool, _ random: inout SeededGenerator) -> ArraySlice<Int> {
    guard isSampled, count > 2 else { return Array(1...max(1, count))[...] }
    // Steps of the golden ratio, made prime to the count, meet every number once.
    var stride = max(1, Int(Double(count) * 0.618_033_988))
    while gcd(stride, count) != 1 { stride += 1 }
    let start = Int(random.next() % UInt64(count))
    return (0..<count).map { (start + $0 * stride) % count + 1 }[...]
  }

  private func gcd(_ one: Int, _ other: Int) -> Int { other == 0 ? one : gcd(other, one % other) }

  private func step(_ series: inout Series, _ number: Int, turn: Int, isWhole: Bool) throws {
    var cases = [series.numbered(number, turn: turn)]
    if isWhole, number <= series.calls.open {
      cases = Ending.allCases.map { ending in
        var one = cases[0]
        one.ending = ending
        return one
      }
    }
    for one in cases {
      let outcome = try one.run(in: place, template: templates.path(one.beginning))
      series.runs += 1
      if outcome.hasFired { series.fired += 1 }
      series.counts.merge(outcome.answers.counts, uniquingKeysWith: +)
      for violation in outcome.violations { print("✘ \(one.description): \(violation)") }
      if !outcome.violations.isEmpty { series.failures += 1 }
      // Of a copy of this process nothing of it is printed again.
      fflush(nil)
    }
  }

  private func report(_ all: [Series]) -> Bool {
    for series in all {
      let counts = [FaultAnswer.acknowledged, .refused, .unknown].map { "\(series.counts[$0] ?? 0) \($0)" }
      print(
        "\(Case.name(series.first.kind)) \(series.first.isForEver ? "for ever" : "once"), "
          + "\(series.first.beginning.rawValue): \(series.runs) runs of \(series.calls.all) calls, \(series.fired) failed one, "
          + "\(counts.joined(separator: ", ")), \(series.failures) wrong")
    }
    let (runs, failures) = (all.reduce(0) { $0 + $1.runs }, all.reduce(0) { $0 + $1.failures })
    print("\(runs) runs, \(all.reduce(0) { $0 + $1.fired }) with a failure, \(failures) wrong")
    return failures == 0 && runs > 0
  }
}
