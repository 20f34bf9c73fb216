import OData
import Profiles
public import Stores

/// What was answered to each name: of several answers to the same one the strongest counts.
public struct FaultAnswers: Sendable {
  private var answers: [String: FaultAnswer] = [:]
  /// What is wrong whatever is found later.
  public private(set) var violations: [String] = []
  /// How many answers there were of each kind.
  public private(set) var counts: [FaultAnswer: Int] = [:]

  /// Nothing was answered yet.
  public init() {}

  /// Takes an answer.
  public mutating func take(_ name: String, _ answer: FaultAnswer, _ detail: String) {
    counts[answer, default: 0] += 1
    if answer == .wrong { violations.append("\(name) was answered by \(detail)") }
    if detail == "repeated", answers[name] == nil || answers[name] == .refused {
      violations.append("\(name) was refused for certain, and then it had been done before")
    }
    if detail == "done", answers[name] == .acknowledged { violations.append("\(name) was done twice") }
    guard name != "read" else { return }
    let isStronger =
      switch (answers[name], answer) {
      case (nil, _), (.refused?, _), (.unknown?, .acknowledged): true
      default: false
      }
    if isStronger { answers[name] = answer }
  }

  /// The answer to a name; nil when it was never asked.
  subscript(name: String) -> FaultAnswer? { answers[name] }

  var names: [String] { answers.keys.sorted() }
}

extension FaultHistory {
  /// Compares what a sound store finds with what was answered, and sends the creation once more, which is done at most once
  /// in all. Returns what does not fit, as sentences.
  public func verdict(_ answers: FaultAnswers, _ store: any AdministeredStore, checks: Bool = true) -> [String] {
    var violations = answers.violations
    do {
      violations += try compare(answers, store)
      if answers["c1"] != nil {
        var after = answers
        repeatCreation(on: store) { name, answer, detail in
          after.take(name, answer, detail)
          return true
        }
        let new = after.violations.dropFirst(answers.violations.count)
        // Of an unknown creation either is right, once it is there once.
        violations += new
        let count = try names(store)["c1"] ?? 0
        if count != 1 { violations.append("c1 is there \(count) times after it was repeated") }
      }
      if checks { violations += try store.check().map { "check: \($0.message)" } }
    } catch {
      violations.append("It cannot be looked at: \(error)")
    }
    return violations
  }

  private func compare(_ answers: FaultAnswers, _ store: any AdministeredStore) throws -> [String] {
    let found = try names(store)
    var violations = found.filter { $0.value > 1 }.keys.map { "\($0) was done more than once" }
    for name in answers.names where name != "tenant" {
      let isThere = name == "ann" ? try store.person(ann.id.text, in: .demo) != nil : found[name] != nil
      switch answers[name] {
      case .acknowledged? where !isThere: violations.append("\(name) was acknowledged and is gone")
      case .refused? where isThere: violations.append("\(name) was refused for certain and is there")
      default: break
      }
    }
    for name in found.keys where answers[name] == nil { violations.append("\(name) was never answered and is there") }
    let isNamed = try store.tenants().contains { $0.id == .demo && $0.name == tag }
    switch answers["tenant"] {
    case .acknowledged? where !isNamed: violations.append("The name of the tenant was acknowledged and is gone")
    case .refused? where isNamed: violations.append("The name of the tenant was refused and is there")
    default: break
    }
    return violations
  }

  /// How often each name is in the audit log.
  private func names(_ store: any AdministeredStore) throws -> [String: Int] {
    var names: [String: Int] = [:]
    for person in [ann, bob] {
      for name in try store.changes(of: person.id, in: .demo).flatMap(\.properties) { names[name, default: 0] += 1 }
    }
    return names
  }
}
