import ArgumentParser
import Profiles
import Stores

/// `facet migrate`: migrates the database to the schema of this version, and distributes its tables over the nodes of
/// Citus.
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Bring the database into the form of this version, as the start of a server does too.",
    discussion:
      "With --distribute the tables are spread over the nodes of Citus, with what they hold. Stop the servers before.")

  @OptionGroup var options: StoreOptions

  @Flag(help: "Spread the tables of PostgreSQL over the nodes of Citus, by person.")
  var distribute = false

  func validate() throws {
    guard !distribute || options.isPostgreSQL else {
      throw ValidationError("--distribute needs a --store in PostgreSQL with the extension Citus.")
    }
  }

  func run() throws {
    let store = try options.open()
    defer { store.close() }
    if case .refusingWrites(let reason) = store.health { throw CommandFailure(reason) }
    guard distribute, let store = store as? PostgreSQLStore else {
      return print("The database has the form of this version.")
    }
    do {
      let nodes = try store.distribute()
      print("The tables are spread over \(nodes) \(nodes == 1 ? "node" : "nodes").")
      if let warning = store.warning { print(warning) }
    } catch let error as StoreError {
      throw CommandFailure(error.message)
    }
  }
}
