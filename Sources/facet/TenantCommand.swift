import ArgumentParser
import Profiles
import Stores

/// `facet tenant`: which organisations there are, and what they decided.
struct TenantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Add tenants, list them, federate them, and set their policies.",
    discussion: "Every change holds from the next request on, also of a server that is running.",
    subcommands: [Add.self, List.self, Federate.self, Policy.self])

  /// A tenant on the command line.
  struct Reference: ExpressibleByArgument {
    let id: TenantID

    init?(argument: String) {
      guard let id = TenantID(argument) else { return nil }
      self.id = id
    }
  }
}

extension StoreOptions {
  /// Works on the store, also beside the server that owns it.
  func withTenants(_ body: (any AdministeredStore) throws -> Void) throws {
    let store = try openBeside()
    defer { store.close() }
    do {
      try body(store)
    } catch let error as StoreError {
      throw CommandFailure(error.message)
    }
  }
}
