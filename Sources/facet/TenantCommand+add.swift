import ArgumentParser
import OData
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

    @Option(
      name: .customLong("technical-mail"), parsing: .singleValue,
      help: ArgumentHelp(
        "A mail address for technical messages, which /organization names. May be repeated; '' names none.",
        valueName: "address"))
    var technicalMails: [String] = []

    @Argument(help: "The id that tokens carry as the tenant.")
    var tenant: Reference

    func validate() throws {
      guard technicalMails.count <= Limits.technicalMailsMax else {
        throw ValidationError("A tenant has at most \(Limits.technicalMailsMax) mail addresses for technical messages.")
      }
      guard technicalMails.allSatisfy({ $0.utf8.count <= Limits.mailBytesMax }) else {
        throw ValidationError("A mail address has at most \(Limits.mailBytesMax) bytes.")
      }
    }

    func run() throws {
      try options.withTenants { store in
        try store.addTenant(tenant.id)
        try store.changeTenant(tenant.id) { settings in
          if let name { settings.name = name }
          if !technicalMails.isEmpty { settings.technicalMails = technicalMails.filter { !$0.isEmpty } }
        }
      }
    }
  }
}
