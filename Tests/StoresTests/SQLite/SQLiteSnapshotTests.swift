import Dispatch
import OData
import Profiles
import Stores
import Testing

/// Reads that share a snapshot, as those of a batch.
@Suite("Reads that share a snapshot")
struct SQLiteSnapshotTests {
  @Test("They see one state, and later reads see the present one")
  func oneSnapshot() throws {
    let scratch = try Scratch()
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann), .item(Sample.phone("p"))])
    let reader = try store.makeReader { $0() }
    var seen: [String] = []
    reader.withSnapshot {
      seen.append(number(reader))
      write("2", store)
      seen.append(number(reader))
      // A snapshot within a snapshot is the same one.
      reader.withSnapshot { seen.append(number(reader)) }
      seen.append(number(reader))
    }
    seen.append(number(reader))
    #expect(seen == ["1", "1", "1", "1", "2"])
    store.close()
    // The body runs even when the store is closed.
    reader.withSnapshot { seen.append(number(reader)) }
    #expect(seen.last == "")
    scratch.remove()
  }

  /// The number of the phone; empty when it cannot be read.
  private func number(_ reader: any ProfileReader) -> String {
    var number = ""
    reader.item(Sample.key("p"), for: .everything) { found in
      guard let item = try? found.get()?.item else { return }
      number = ["1", "2"].first { String(decoding: item.json, as: UTF8.self).contains("\"number\":\"\($0)\"") } ?? "?"
    }
    return number
  }

  private func write(_ number: String, _ store: SQLiteStore) {
    let isDone = DispatchSemaphore(value: 0)
    store.submit(.item(Put(item: Sample.phone("p", number: number))) { _ in isDone.signal() })
    isDone.wait()
  }
}
