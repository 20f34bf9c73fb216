import OData
import Profiles

/// The arithmetic of the keys of `profile`, the table where all rows of a person lie together: first the row of their
/// state, then their items by collection and audience.
///
/// A key is one integer, most significant bits first: the number of the person, 6 bits of the collection, 6 bits of the
/// audience (the flags of `Audience`), 12 bits of a slot. In the key of a state, all bits after the person are zero.
/// Items for different audiences lie apart, so that reading some does not touch the pages of others; a change of the
/// audience therefore moves the row. The slot has no meaning, and a key is reused after its item is deleted: the audit
/// log and links refer to an item by its id.
///
/// Code outside this file uses numbers of people and collections and the SQL expressions below, and does not compute
/// keys.
struct SQLiteProfileKey: Equatable {
  /// The key as the database holds it.
  let number: Int64

  /// A key that was read from a row.
  init(_ number: Int64) { self.number = number }

  /// The key of a person's state.
  init(stateOf person: Int64) { number = person << Self.personShift }

  /// The key of an item in a slot, which the caller has found to be free.
  init(person: Int64, collection: Int64, audience: Audience, slot: Int64) {
    number = Self.place(person, collection) << Self.placeShift | Self.bits(of: audience) | slot
  }

  /// The number of the person.
  var person: Int64 { number >> Self.personShift }
  /// The number of the collection; 0 in the key of a person's state.
  var collection: Int64 { number >> Self.placeShift & Self.collectionsMax }
  /// The audience of the item.
  var audience: Audience { Audience(rawValue: number >> Self.audienceShift & Audience.all.rawValue) }
  /// The slot.
  var slot: Int64 { number & Self.slotMax }

  // MARK: Bounds

  /// The number that no person and no collection has. Look-ups with it find nothing.
  static let nobody: Int64 = 0
  /// Largest number of a collection.
  static let collectionsMax: Int64 = 63
  /// Largest slot: several times `Limits.itemsPerCollectionMax`, so that the slot after the last item is mostly free.
  static let slotMax: Int64 = 4_095
  /// Largest number of a person.
  static let peopleMax: Int64 = .max >> personShift

  private static let audienceShift: Int64 = 12
  private static let placeShift: Int64 = 18
  private static let personShift: Int64 = 24

  // MARK: Ranges

  /// Every key of a person, that of their state included.
  static func all(of person: Int64) -> ClosedRange<Int64> {
    let first = person << personShift
    return first...(first | (1 << personShift - 1))
  }

  /// The keys of the items of one collection and audience.
  static func slots(person: Int64, collection: Int64, audience: Audience) -> ClosedRange<Int64> {
    let first = SQLiteProfileKey(person: person, collection: collection, audience: audience, slot: 0).number
    return first...(first | slotMax)
  }

  /// The value of `place` for a collection of a person.
  static func place(_ person: Int64, _ collection: Int64) -> Int64 {
    person << (personShift - placeShift) | collection
  }

  /// The bits of a key that hold an audience.
  static func bits(of audience: Audience) -> Int64 { audience.rawValue << audienceShift }

  // MARK: Expressions, which queries must repeat to be served by an index

  /// The collection of a person, as one number.
  static let place = "(key >> \(placeShift))"
  /// The condition that a row of `alias` is in a collection of a person, whose numbers are given as SQL.
  static func place(_ alias: String, of person: String, _ collection: String) -> String {
    "(\(alias).key >> \(placeShift)) = (\(person) << \(personShift - placeShift) | \(collection))"
  }
  /// The number of the person.
  static let person = "(key >> \(personShift))"
  /// The key of a person's state, whose number is given as SQL.
  static func state(of person: String) -> String { "(\(person) << \(personShift))" }
  /// The condition of items that one of these flags admits.
  static func isFor(_ flags: Audience) -> String { "key & \(bits(of: flags)) != 0" }
  /// The condition of items that only their owner sees. The row of a person's state has no time of creation.
  static let isForOwnerOnly = "key & \(bits(of: .all)) = 0 and created is not null"
}
