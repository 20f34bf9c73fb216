import OData
import Profiles
import Testing

@testable import Stores

@Suite("Keys of the table of profiles")
struct SQLiteProfileKeyTests {
  private static let people: [Int64] = [1, 2, 1_000_000, SQLiteProfileKey.peopleMax]
  private static let collections: [Int64] = [1, 2, SQLiteProfileKey.collectionsMax]
  private static let audiences: [Audience] = [.me, .family, .organization, .everyone, .all]
  private static let slots: [Int64] = [0, 1, SQLiteProfileKey.slotMax]

  /// A key of every combination, in the order of their parts.
  private static var keys: [SQLiteProfileKey] {
    people.flatMap { person in
      collections.flatMap { collection in
        audiences.flatMap { audience in
          slots.map { SQLiteProfileKey(person: person, collection: collection, audience: audience, slot: $0) }
        }
      }
    }
  }

  @Test("A key gives back the parts that it was made of, up to the bounds")
  func roundTrip() {
    for person in Self.people {
      for collection in Self.collections {
        for audience in Self.audiences {
          for slot in Self.slots {
            let key = SQLiteProfileKey(person: person, collection: collection, audience: audience, slot: slot)
            #expect(key.number > 0)
            #expect(SQLiteProfileKey(key.number) == key)
            #expect(
              key.person == person && key.collection == collection && key.audience == audience && key.slot == slot)
          }
        }
      }
    }
  }

  @Test("The largest key of all is the largest integer, and there is room for every item of a collection")
  func bounds() {
    let last = SQLiteProfileKey(
      person: SQLiteProfileKey.peopleMax, collection: SQLiteProfileKey.collectionsMax, audience: .all,
      slot: SQLiteProfileKey.slotMax)
    #expect(last.number == .max)
    #expect(SQLiteProfileKey.slotMax >= 4 * Int64(Limits.itemsPerCollectionMax))
    #expect(SQLiteProfileKey.collectionsMax >= 2 * Int64(ProfileModel.collections.count))
  }

  @Test("Keys are in the order of person, collection, audience and slot, and different parts make different keys")
  func order() {
    let numbers = Self.keys.map(\.number)
    #expect(numbers == numbers.sorted())
    #expect(Set(numbers).count == numbers.count)
  }

  @Test("The state of a person has the first key of their range, and every item lies in it")
  func ranges() {
    for person in Self.people {
      let state = SQLiteProfileKey(stateOf: person)
      let range = SQLiteProfileKey.all(of: person)
      #expect(state.number == range.lowerBound)
      #expect(state.person == person && state.collection == SQLiteProfileKey.nobody)
      for key in Self.keys {
        #expect(range.contains(key.number) == (key.person == person))
        if key.person == person { #expect(key.number > state.number) }
      }
    }
    #expect(SQLiteProfileKey.all(of: 1).upperBound + 1 == SQLiteProfileKey.all(of: 2).lowerBound)
  }

  @Test("The slots of two audiences, collections or people do not overlap, and hold their keys")
  func slots() {
    for key in Self.keys {
      let slots = SQLiteProfileKey.slots(person: key.person, collection: key.collection, audience: key.audience)
      #expect(slots.count == Int(SQLiteProfileKey.slotMax) + 1)
      for other in Self.keys {
        let isSame =
          other.person == key.person && other.collection == key.collection && other.audience == key.audience
        #expect(slots.contains(other.number) == isSame)
      }
    }
  }

  @Test("SQLite evaluates the expressions as this program does")
  func expressions() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let connection = try SQLiteConnection(scratch.database, .copy)
    connection.leaveGRDB()
    try connection.execute("create table profile (key integer primary key, created integer) strict")
    let insert = try connection.prepare("insert into profile (key, created) values (?, ?)")
    for key in Self.keys {
      try insert.bind(key.number, Int64(5))
      try insert.run()
    }
    for person in Self.people {
      try insert.bind(SQLiteProfileKey(stateOf: person).number, nil as Int64?)
      try insert.run()
    }
    let flags = Audience.flags + [.beyondTenant, .all]
    let conditions = flags.map(SQLiteProfileKey.isFor) + [SQLiteProfileKey.isForOwnerOnly]
    let select = try connection.prepare(
      """
      select key, \(SQLiteProfileKey.place), \(SQLiteProfileKey.person),
      \(SQLiteProfileKey.state(of: SQLiteProfileKey.person)), \(conditions.joined(separator: ", ")) from profile
      """)
    var count = 0
    try select.forEach { row in
      let key = SQLiteProfileKey(row.int64(0))
      let isState = key.collection == SQLiteProfileKey.nobody
      #expect(row.int64(1) == SQLiteProfileKey.place(key.person, key.collection))
      #expect(row.int64(2) == key.person)
      #expect(row.int64(3) == SQLiteProfileKey(stateOf: key.person).number)
      for (index, flag) in flags.enumerated() {
        #expect((row.int64(Int32(4 + index)) == 1) == !key.audience.isDisjoint(with: flag))
      }
      #expect((row.int64(Int32(4 + flags.count)) == 1) == (key.audience.isEmpty && !isState))
      count += 1
    }
    #expect(count == Self.keys.count + Self.people.count)
    let joined = try connection.prepare(
      "select count(*) from profile p where \(SQLiteProfileKey.place("p", of: "?1", "?2"))")
    try joined.bind(Self.people[1], Self.collections[2])
    #expect(
      try joined.first { row throws(SQLiteFailure) in Int(row.int64(0)) } == Self.audiences.count * Self.slots.count)
  }
}
