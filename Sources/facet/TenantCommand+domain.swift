import ArgumentParser
import OData
import Profiles
import Stores

extension TenantCommand {
  /// `facet tenant domain`: the domains of a tenant.
  struct Domain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "domain", abstract: "Add and remove the domains of a tenant.",
      discussion: "/organization and /domains answer them, and a path may name the tenant by one.",
      subcommands: [Add.self, Remove.self])

    /// The name of a domain as an argument.
    struct Name: ExpressibleByArgument {
      let domain: DomainName

      init?(argument: String) {
        guard let domain = DomainName(argument) else { return nil }
        self.domain = domain
      }
    }
  }
}

extension TenantCommand.Domain {
  /// `facet tenant domain add`: adds a domain.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a domain to a tenant. The first one is its default.",
      discussion: "Nothing is asked of the domain's name servers: who runs this command vouches for it.")

    @OptionGroup var options: StoreOptions

    @Argument(help: "The tenant.")
    var tenant: TenantCommand.Reference

    @Argument(help: "The domain, such as contoso.example.")
    var domain: Name

    func run() throws {
      try options.withTenants { store in
        if let owner = try store.tenants().first(where: { $0.domains.contains(domain.domain) }), owner.id != tenant.id {
          throw CommandFailure(
            "'\(domain.domain.text)' is a domain of the tenant \(owner.id.text). Remove it there first.")
        }
        let isKnown = try store.changeTenant(tenant.id) { settings in
          guard !settings.domains.contains(domain.domain) else { return }
          guard settings.domains.count < Limits.domainsMax else {
            throw CommandFailure("A tenant has at most \(Limits.domainsMax) domains.")
          }
          settings.domains.append(domain.domain)
        }
        guard isKnown else { throw CommandFailure.noTenant(tenant.id) }
      }
    }
  }

  /// `facet tenant domain remove`: takes a domain away.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a domain away from a tenant.")

    @OptionGroup var options: StoreOptions

    @Argument(help: "The tenant.")
    var tenant: TenantCommand.Reference

    @Argument(help: "The domain.")
    var domain: Name

    func run() throws {
      try options.withTenants { store in
        let isKnown = try store.changeTenant(tenant.id) { settings in
          guard settings.domains.contains(domain.domain) else {
            throw CommandFailure("The tenant has no domain '\(domain.domain.text)'.")
          }
          settings.domains.removeAll { $0 == domain.domain }
        }
        guard isKnown else { throw CommandFailure.noTenant(tenant.id) }
      }
    }
  }
}

extension CommandFailure {
  /// There is no such tenant.
  fileprivate static func noTenant(_ id: TenantID) -> CommandFailure {
    CommandFailure("There is no tenant \(id.text). Add it with 'facet tenant add'.")
  }
}
