import ArgumentParser
import Profiles
import Stores

/// `facet tenant`: the tenants of the directory and their policies.
struct TenantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Add tenants, list them, federate them, and set their domains and policies.",
    discussion: "Every change holds from the next request on, also of a server that is running.",
    subcommands: [Add.self, List.self, Domain.self, Federate.self, Policy.self])

  /// A tenant's id as an argument.
  struct Reference: ExpressibleByArgument {
    let id: TenantID

    init?(argument: String) {
      guard let id = TenantID(argument) else { return nil }
      self.id = id
    }
  }
}

extension StoreOptions {
  /// Opens the store for one short write, also while a server owns it, and runs `body` on it.
  ///
  /// - Throws: `CommandFailure` when the store cannot be opened or fails; what `body` throws.
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
