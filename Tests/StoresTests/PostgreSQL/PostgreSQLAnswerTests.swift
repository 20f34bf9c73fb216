import Profiles
import Synchronization
import Testing

@testable import Stores

/// Answers that may come from several threads.
@Suite("The answer to a read")
struct PostgreSQLAnswerTests {
  @Test("The first answer counts, and comes once, from however many threads answers come")
  func once() async {
    for _ in 0..<200 {
      let given = Mutex<[Int]>([])
      let answer = PostgreSQLAnswer<Int>({ result in given.withLock { $0.append((try? result.get()) ?? -1) } }) { $0() }
      #expect(!answer.isGiven)
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<4 { group.addTask { answer.give(.success(number)) } }
      }
      #expect(answer.isGiven && given.withLock { $0.count } == 1)
      answer.give(.failure(.closed))
      #expect(given.withLock { $0.count } == 1)
    }
  }
}
