import Fixtures
import Foundation
import GRDB
import Profiles
import Testing

@testable import Stores

/// What was altered in a database of the layout before is found after it was copied.
@Suite("Databases of the layout before that were altered")
struct SQLiteLayoutTamperingTests {
  /// A directory of two people, with a chain of five rows for the first.
  private static func fill(_ directory: LegacyDirectory) throws {
    for number in 0...1 {
      try directory.put(
        #"{"user":{"id":"user-\#(number)","displayName":"Ann","userPrincipalName":"\#(number)@x.example"}}"#)
    }
    try directory.put(#"{"group":{"id":"g","displayName":"G","mailNickname":"g"}}"#)
    for (item, number) in [("phone-0", 1), ("phone-0", 2), ("6d4d3c5e-8a77-4d0c-b1f4-5c9a3e7d2a61", 1)] {
      for user in 0...(item == "phone-0" ? 0 : 1) {
        try directory.put(
          #"{"userId":"user-\#(user)","collection":"phones","item":{"id":"\#(item)","number":"\#(number)"}}"#)
      }
    }
    try directory.put(#"{"groupId":"g","member":"user-0"}"#)
  }

  private static func findings(_ sql: String?) throws -> [CheckFinding] {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try LegacyDirectory.make(at: scratch.database, fill)
    if let sql {
      let queue = try DatabaseQueue(path: scratch.database)
      try queue.write { try $0.execute(sql: sql) }
      try queue.close()
    }
    let store = try SQLiteStore.open(scratch.database)
    defer { store.close() }
    #expect(store.health == .healthy)
    return try store.check()
  }

  @Test("What was not altered has no findings")
  func unaltered() throws { #expect(try Self.findings(nil) == []) }

  @Test(
    "Rows of the audit log that were altered, moved, added or removed are found",
    arguments: [
      // Altered, one column after the other.
      "update record set time = time + 1 where user = 'user-0' and position = 2",
      "update record set kind = 3 where user = 'user-0' and position = 2",
      "update record set kind = 99 where user = 'user-0' and position = 2",
      "update record set collection = 'emails' where user = 'user-0' and position = 2",
      "update record set item = 'other' where user = 'user-0' and position = 2",
      "update record set item = upper(item) where user = 'user-0' and position = 4",
      "update record set properties = 'number' where user = 'user-0' and position = 2",
      "update record set properties = '' where user = 'user-0' and position = 2",
      "update record set version_before = 7 where user = 'user-0' and position = 3",
      "update record set version_after = 7 where user = 'user-0' and position = 4",
      "update record set acting_user = 'eve' where user = 'user-0' and position = 4",
      "update record set acting_app = 'eve' where user = 'user-0' and position = 4",
      "update record set code = zeroblob(32) where user = 'user-0' and position = 1",
      // Moved.
      """
      update record set position = position + 100 where user = 'user-0' and position in (4, 5);
      update record set position = 109 - (position - 100) where user = 'user-0' and position > 100
      """,
      "update record set tenant = 'other' where user = 'user-0' and position = 5",
      "update record set previous = null where user = 'user-0' and position = 4",
      "update record set seq = seq + 100 where user = 'user-0' and position = 4",
      "update record set user = 'user-1', position = 3 where user = 'user-0' and position = 5",
      "update record set user = 'nobody' where user = 'user-0' and position = 5",
      "update chain set tenant = 'other' where user = 'user-0'",
      "update chain set user = 'nobody' where user = 'user-0'",
      "update chain set last = 1 where user = 'user-1'",
      // Removed: the first, one in the middle, the last, the last with its count, all, all with their chain.
      "delete from record where user = 'user-0' and position = 1",
      "delete from record where user = 'user-0' and position = 3",
      "delete from record where user = 'user-0' and position = 5",
      "delete from record where user = 'user-0' and position = 5; update chain set length = 4 where user = 'user-0'",
      "delete from record where user = 'user-0'",
      "delete from chain where user = 'user-0'",
      "delete from record where user = 'user-0'; delete from chain where user = 'user-0'",
      """
      delete from record where user = 'user-0'; delete from chain where user = 'user-0';
      delete from item where user = 'user-0'; delete from user where id = 'user-0'; delete from membership
      """,
      """
      delete from record where user = 'user-0'; delete from chain where user = 'user-0';
      delete from item where user = 'user-0'; delete from user where id = 'user-0'; delete from membership;
      update chains set count = 1
      """,
      "update chain set length = -1 where user = 'user-0'", "update chain set tip = zeroblob(32) where user = 'user-0'",
      "update chain set tip = x'00' where user = 'user-0'",
      "update chain set seal = zeroblob(32) where user = 'user-0'",
      "update chain set seal = x'' where user = 'user-0'", "update chains set seal = zeroblob(32)",
      "update chains set sum = zeroblob(32)",
      // Added.
      """
      insert into record select null, seq, user, tenant, 6, time, kind, collection, item, properties, version_before,
      version_after, acting_user, acting_app, code from record where user = 'user-0' and position = 5
      """,
    ])
  func auditLog(_ sql: String) throws { #expect(!(try Self.findings(sql)).isEmpty) }

  @Test(
    "What is stored without a row of the audit log, or not as its type says, is found",
    arguments: [
      "update item set version = 9 where user = 'user-0' and id = 'phone-0'",
      "update item set id = 'moved' where user = 'user-0' and id = 'phone-0'",
      "update item set collection = 'emails' where user = 'user-0' and id = 'phone-0'",
      "update item set collection = 'secrets' where user = 'user-0' and id = 'phone-0'",
      "update item set user = 'nobody' where user = 'user-0' and id = 'phone-0'",
      "update item set audience = 63 where user = 'user-0' and id = 'phone-0'",
      "update item set created = created + 1 where user = 'user-0' and id = 'phone-0'",
      "update item set listed = 'user-1', listed_as = 1 where user = 'user-0' and id = 'phone-0'",
      "update item set json = cast('{\"secret\":' as blob) where user = 'user-0' and id = 'phone-0'",
      "update item set json = cast('{\"secret\":' as blob) where user = 'user-0' and id <> 'phone-0'",
      "update item set json = x'' where user = 'user-0' and id <> 'phone-0'",
      "update item set json = cast('{' || substr(json, 46) as blob) where user = 'user-0' and id <> 'phone-0'",
      "delete from item where user = 'user-0' and id = 'phone-0'",
      "update user set version = 9 where id = 'user-0'",
      "update user set json = cast('[]' as blob) where id = 'user-0'",
      "update user set display_name = 'secret' where id = 'user-0'",
      "update user set tenant = '\(TenantID.personalAccounts.text)' where id = 'user-0'",
      "update user set principal_name_folded = 'eve' where id = 'user-0'", "delete from user where id = 'user-1'",
      "delete from membership", "insert into membership values ('user-1', 'g')", "delete from directory_group",
      "update tenant set json = cast('garbage' as blob)",
      "insert into mail_address values ('\(TenantID.demo.text)', 'y', '', 'user-0')",
    ])
  func content(_ sql: String) throws {
    let findings = try Self.findings(sql)
    #expect(!findings.isEmpty)
    #expect(findings.allSatisfy { !$0.message.contains("secret") })
  }
}
