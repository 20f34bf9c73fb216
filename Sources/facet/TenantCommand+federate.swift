import ArgumentParser
import Profiles
import Stores

extension TenantCommand {
  /// `facet tenant federate`: grants or revokes another tenant's access to what people mark for federated
  /// organisations.
  struct Federate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let the people of another tenant see what a tenant's people mark for federated organisations.",
      discussion: "It holds one way: the other tenant grants nothing by it.")

    @OptionGroup var options: StoreOptions

    @Flag(help: "Take the grant back.")
    var remove = false

    @Argument(help: "The tenant whose people are seen.")
    var tenant: Reference

    @Argument(help: "The tenant whose people see.")
    var partner: Reference

    func validate() throws {
      guard tenant.id != partner.id else { throw ValidationError("A tenant is not federated with itself.") }
      guard ![tenant.id, partner.id].contains(.personalAccounts) else {
        throw ValidationError("Personal accounts are no organisation, so nobody federates with them.")
      }
    }

    func run() throws {
      try options.withTenants { store in
        for id in [tenant.id, partner.id] where try !store.tenants().contains(where: { $0.id == id }) {
          throw CommandFailure("There is no tenant \(id.text). Add it with 'facet tenant add'.")
        }
        try store.changeTenant(tenant.id) { settings in
          if remove { settings.federatedWith.remove(partner.id) } else { settings.federatedWith.insert(partner.id) }
        }
      }
    }
  }
}
