import Foundation
import GRDB
import Testing

@testable import Stores

/// What somebody does to a database on SQLite without the server.
extension Scratch {
  /// Runs statements in one transaction.
  func tamper(_ sql: String) throws {
    try tamper { try $0.execute(sql: sql) }
  }

  /// Changes the state of a person, as if the server had written it.
  func changeState(of id: String, _ change: (inout SQLitePersonState) throws -> Void) throws {
    try tamper { database in
      let number = try #require(
        try Int64.fetchOne(database, sql: "select number from person where id = ?", arguments: [id]))
      let key = SQLiteProfileKey(stateOf: number).number
      let stored = try #require(
        try Data.fetchOne(database, sql: "select json from profile where key = ?", arguments: [key]))
      var state = try #require(stored.withUnsafeBytes { SQLitePersonState(stored: $0) })
      try change(&state)
      try database.execute(
        sql: "update profile set json = ? where key = ?", arguments: [Data(state.stored), key])
    }
  }

  private func tamper(_ body: (Database) throws -> Void) throws {
    let queue = try DatabaseQueue(path: database)
    try queue.write(body)
    try queue.close()
  }

  /// What a check finds.
  func findings() throws -> [CheckFinding] {
    let store = try SQLiteStore.openReadOnly(database)
    defer { store.close() }
    return try store.check()
  }
}
