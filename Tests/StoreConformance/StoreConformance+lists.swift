import OData
import Profiles

extension StoreConformance {
  static let lists: [ConformanceCase] = [
    ConformanceCase(.basic, "Pages of every size give each item once, by time and id") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      var items: [StoredItem] = []
      for number in 0..<150 {
        // Three times only, so that the id decides most positions; ids come in no order.
        let key = try Probe.key(person.id, "p\(number * 37 % 150)")
        items.append(Probe.item(key, ["n": "\(number)"], created: Probe.time(number % 3)))
      }
      try await driver.importLines(items.map { .item($0) })
      let wanted = items.sorted { left, right in
        left.created != right.created
          ? left.created < right.created : left.key.id.text.utf8.lexicographicallyPrecedes(right.key.id.text.utf8)
      }
      let reader = try driver.reader()
      for limit in [1, 7, Limits.loopRowsMax, Limits.loopRowsMax + 1, 150, 151] {
        let listed = try await readPages(reader, of: person.id, limit: limit)
        try expectEqual(listed.map(\.key), wanted.map(\.key), "The items in pages of \(limit)")
      }
    },
    ConformanceCase(.basic, "A list shows one collection of one person") { driver in
      for name in ["ann", "anna", "bob"] {
        let person = try Probe.person(name)
        try await driver.add(person)
        for collection in ["phones", "emails"] {
          let key = try Probe.key(person.id, "p", in: collection)
          try await driver.put(ProbeOperation.create(Probe.item(key, ["who": name])))
        }
      }
      let ann = try Probe.user("ann")
      for limit in [10, 100] {
        let listed = try await driver.reader().items(of: ann, in: "phones", limit: limit).get()
        try expectEqual(listed.map(\.key), [try Probe.key(ann, "p")], "The keys")
      }
    },
  ]

  private static func readPages(_ reader: ReaderDriver, of user: UserID, limit: Int) async throws -> [StoredItem] {
    var items: [StoredItem] = []
    while true {
      let position = items.last.map { ItemPosition(of: $0) }
      let page = try await reader.items(of: user, in: "phones", after: position, limit: limit).get()
      try expect(page.count <= limit, "A page of \(limit) has \(page.count) items.")
      items += page
      if page.count < limit { return items }
    }
  }
}
