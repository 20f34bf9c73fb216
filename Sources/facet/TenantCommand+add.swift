import ArgumentParser
import Profiles
import Stores

extension TenantCommand {
  /// `facet tenant add`: adds a tenant, or renames one.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a tenant: tokens that name it are taken from now on, of issuers that may speak for it.")

    @OptionGroup var options: StoreOptions

    @Option(help: ArgumentHelp("A name for people.", valueName: "name"))
    var name: String?

    @Argument(help: "The id that tokens carry as the tenant.")
    var tenant: Reference

    func run() throws {
      try options.withTenants { store in
        try store.addTenant(tenant.id)
        try store.changeTenant(tenant.id) { settings in if let name { settings.name = name } }
      }
    }
  }
}
