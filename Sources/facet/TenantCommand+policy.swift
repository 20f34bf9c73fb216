import ArgumentParser
import OData
import Profiles
import Stores

extension TenantCommand {
  /// `facet tenant policy`: changes and prints a tenant's policy.
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
          withheldProperties              contact properties that people see of themselves alone, contact for all
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

extension TenantPolicy {
  /// Applies one change, `KEY=VALUE`, from the command line.
  ///
  /// - Throws: `CommandFailure` when the key is unknown or does not take the value.
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
    case ("withheldProperties", 1): withheldProperties = try Self.properties(value)
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

  private static func properties(_ value: String) throws -> Set<String> {
    let known = contactProperties.map(\.name)
    guard value != "contact" else { return Set(known) }
    let names = value.split(separator: ",").map(String.init)
    if let unknown = names.first(where: { !known.contains($0) }) {
      throw CommandFailure(
        "'\(unknown)' is no contact property. These are: \(known.joined(separator: ", ")), and contact for all.")
    }
    return Set(names)
  }

  private static func collection(_ name: String) throws -> String {
    guard let collection = TenantPolicy.collection(named: name) else {
      throw CommandFailure("Profiles have no collection '\(name)'.")
    }
    return collection
  }
}
