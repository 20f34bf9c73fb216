import ArgumentParser
import Foundation
import OData
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

  /// `facet tenant add`
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

  /// `facet tenant list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the tenants, one line of JSON for each.")

    @OptionGroup var options: StoreOptions

    func run() throws {
      let store = try options.openReadOnly()
      defer { store.close() }
      do {
        for tenant in try store.tenants() {
          print(String(decoding: ImportLine.tenant(tenant).line, as: UTF8.self))
        }
      } catch let error as StoreError {
        throw CommandFailure(error.message)
      }
    }
  }

  /// `facet tenant federate`
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

  /// `facet tenant policy`
  struct Policy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print what a tenant decided as JSON, after the changes that are given.",
      discussion: """
        A change is KEY=VALUE; an empty value puts the default back.

          defaultAudience[.COLLECTION]    audience of items that say nothing
          allowedAudiences[.COLLECTION]   audiences that items may have; no other lets anybody in
          applicationCollections          collections that applications may write, all, or none
          writersOfOthers                 administrators, or anyone with User.ReadWrite.All
          createsUnknownPeople            true or false: whether a first call creates the person
          administrators                  id of a group whose members are administrators
        """)

    @OptionGroup var options: StoreOptions

    @Argument(help: "The tenant.")
    var tenant: Reference

    @Argument(help: "Changes, such as defaultAudience.phones=me.")
    var changes: [String] = []

    func run() throws {
      var printed: [UInt8] = []
      try options.withTenants { store in
        let isKnown = try store.changeTenant(tenant.id) { settings in
          let before = settings.policy.administrators
          for change in changes { try settings.policy.apply(change) }
          if let group = settings.policy.administrators, group != before, !(try store.hasGroup(group, in: tenant.id)) {
            throw CommandFailure("There is no group '\(group.text)' in this tenant.")
          }
          printed = settings.json
        }
        guard isKnown else {
          throw CommandFailure("There is no tenant \(tenant.id.text). Add it with 'facet tenant add'.")
        }
      }
      print(String(decoding: printed, as: UTF8.self))
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

extension TenantPolicy {
  /// Applies one change from the command line.
  mutating func apply(_ change: String) throws {
    guard let equals = change.firstIndex(of: "=") else {
      throw CommandFailure("'\(change)' is no change: write KEY=VALUE.")
    }
    let key = change[..<equals].split(separator: ".", maxSplits: 1).map(String.init)
    let value = String(change[change.index(after: equals)...])
    let collection = try key.dropFirst().first.map(Self.collection) ?? Self.anyCollection
    switch (key.first, key.count) {
    case ("defaultAudience", _): defaultAudiences[collection] = try Self.audience(value)
    case ("allowedAudiences", _): audienceMasks[collection] = try Self.audience(value)
    case ("applicationCollections", 1): applicationCollections = try Self.collections(value)
    case ("writersOfOthers", 1):
      guard value.isEmpty || WritePolicy(rawValue: value) != nil else {
        throw CommandFailure("writersOfOthers is 'administrators' or 'anyone'.")
      }
      writersOfOthers = WritePolicy(rawValue: value)
    case ("createsUnknownPeople", 1):
      guard value.isEmpty || ["true", "false"].contains(value) else {
        throw CommandFailure("createsUnknownPeople is 'true' or 'false'.")
      }
      createsUnknownPeople = value.isEmpty ? nil : value == "true"
    case ("administrators", 1):
      administrators = GroupID(value)
      guard value.isEmpty || administrators != nil else { throw CommandFailure("'\(value)' is no id of a group.") }
    default: throw CommandFailure("There is no '\(change[..<equals])' in a policy. See 'facet help tenant policy'.")
    }
  }

  private static func audience(_ value: String) throws -> Audience? {
    guard !value.isEmpty else { return nil }
    guard let audience = Audience(named: value) else {
      throw CommandFailure("'\(value)' is no audience: join names of allowedAudiences by commas.")
    }
    return audience
  }

  private static func collections(_ value: String) throws -> Set<String>? {
    switch value {
    case "", "all": nil
    case "none": []
    default: Set(try value.split(separator: ",").map { try collection(String($0)) })
    }
  }

  private static func collection(_ name: String) throws -> String {
    guard let collection = ProfileModel.collection(named: name) else {
      throw CommandFailure("Profiles have no collection '\(name)'.")
    }
    return collection.name
  }
}
