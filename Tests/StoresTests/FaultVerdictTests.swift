import FaultHistory
import OData
import Profiles
import Stores
import Testing

/// The verdict of the tests of failing storage notices what it is there to find.
@Suite("What may be found after a fault")
struct FaultVerdictTests {
  private static let history = FaultHistory()

  /// A store after the whole history, with what was answered but for the changes of `lie`.
  private func verdict(_ lie: (_ name: String, _ answer: FaultAnswer) -> FaultAnswer?) throws -> [String] {
    let store = try SQLiteStore.temporary()
    defer { store.close() }
    var answers = FaultAnswers()
    Self.history.run(on: store) { name, answer, detail in
      if let told = lie(name, answer) { answers.take(name, told, detail) }
      return true
    }
    return Self.history.verdict(answers, store)
  }

  @Test("On sound storage everything is acknowledged, and all of it is there")
  func sound() throws {
    #expect(try verdict { $1 } == [])
    var counts: [FaultAnswer: Int] = [:]
    _ = try verdict { _, answer in
      counts[answer, default: 0] += 1
      return answer
    }
    #expect(counts.count == 1 && (counts[.acknowledged] ?? 0) > 25)
  }

  @Test("What was refused and is there is noticed", arguments: ["l1", "a1", "d1", "g3", "tenant", "ann", "w11"])
  func refused(_ name: String) throws {
    #expect(!(try verdict { $0 == name ? .refused : $1 }).isEmpty)
  }

  @Test("What was acknowledged and is gone is noticed")
  func lost() throws {
    let store = try SQLiteStore.temporary()
    defer { store.close() }
    var answers = FaultAnswers()
    for name in ["l1", "ann", "tenant"] {
      var told = answers
      told.take(name, .acknowledged, "")
      #expect(!Self.history.verdict(told, store).isEmpty, "\(name)")
    }
    answers.take("l1", .unknown, "")
    #expect(Self.history.verdict(answers, store).isEmpty)
  }

  @Test("What was never answered and is there, and a wrong kind of answer, are noticed")
  func others() throws {
    #expect(!(try verdict { $0 == "w5" ? nil : $1 }).isEmpty)
    #expect(!(try verdict { $0 == "read" ? .wrong : $1 }).isEmpty)
  }
}
