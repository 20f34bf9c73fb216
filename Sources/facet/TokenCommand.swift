import ArgumentParser
import Authority
import Foundation
import OData
import ProfileServer
import Profiles
import Stores

/// `facet token`: prints a token that is signed with the key of the data directory.
struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Print a token, alone on the last line of standard output.",
    discussion: "It may run beside a server, or before one. For a person give --user and --scopes, for an "
      + "application --app and --roles.")

  @OptionGroup var options: StoreOptions

  @Option(help: ArgumentHelp("The person, by id or principal name.", valueName: "id|upn"))
  var user: String?

  @Option(help: ArgumentHelp("Delegated permissions, separated by blanks.", valueName: "scopes"))
  var scopes: String?

  @Flag(help: "Let the person be an administrator (a directory role in wids).")
  var administrator = false

  @Option(help: ArgumentHelp("The application on its own, by id.", valueName: "id"))
  var app: String?

  @Option(help: ArgumentHelp("Permissions of the application, separated by blanks.", valueName: "roles"))
  var roles: String?

  @Option(help: ArgumentHelp("The tenant; the demo's unless given.", valueName: "id"))
  var tenant: String = TenantID.demo.text

  @Option(help: ArgumentHelp("Life of the token.", valueName: "seconds"))
  var expiresIn: Int = Limits.issuedTokenSecondsDefault

  func validate() throws {
    switch (user, scopes, app, roles) {
    case (.some, .some, nil, nil), (nil, nil, .some, .some): break
    default: throw ValidationError("Give --user with --scopes, or --app with --roles.")
    }
    guard !administrator || user != nil else { throw ValidationError("--administrator goes with --user.") }
    guard (1...Limits.issuedTokenSecondsMax).contains(expiresIn) else {
      throw ValidationError("--expires-in takes 1 to \(Limits.issuedTokenSecondsMax) seconds.")
    }
    guard TenantID(tenant) != nil else { throw ValidationError("--tenant must be an id.") }
    for name in Self.words(scopes) + Self.words(roles) where Permission(named: name) == nil {
      let known = Permission.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("There is no permission '\(name)'. There are: \(known).")
    }
  }

  func run() async throws {
    guard let tenant = TenantID(tenant) else { throw CommandFailure("--tenant must be an id.") }
    try options.makeDirectory()
    let shared = options.isPostgreSQL ? try options.openReadOnly() : nil
    defer { shared?.close() }
    let issuer = try await options.loadKeys(shared).issuer
    let specification = TokenSpecification(
      subject: try subject(tenant), tenant: tenant, issuedAt: SystemClock.now().unixSeconds,
      tokenID: GUID.random(), base: try options.keptIssuer(), lifeSeconds: expiresIn)
    guard let specification else {
      throw CommandFailure("--expires-in takes 1 to \(Limits.issuedTokenSecondsMax) seconds.")
    }
    do throws(SigningFailure) { print(try await issuer.sign(specification)) } catch {
      throw CommandFailure(error.message)
    }
  }

  private func subject(_ tenant: TenantID) throws -> TokenSpecification.Subject {
    if let app { return .application(id: app, name: nil, roles: Self.words(roles)) }
    let found = try person(user ?? "", tenant)
    return .user(
      found.id, principalName: found.principalName, displayName: found.displayName,
      applicationID: Self.applicationID, scopes: Self.words(scopes), isAdministrator: administrator)
  }

  /// The client application that delegated tokens of this command name.
  private static let applicationID = "33333333-3333-4333-8333-333333333333"

  /// A person of the directory, or an id that no person has yet.
  private func person(
    _ reference: String, _ tenant: TenantID
  ) throws -> (id: UserID, principalName: String?, displayName: String?) {
    if let found = try lookUp(reference, tenant) { return (found.id, found.principalName, found.displayName) }
    guard !reference.contains("@") else {
      throw CommandFailure("Nobody has the principal name \(reference) in this tenant. Give an id, or import people.")
    }
    guard let id = UserID(reference) else { throw CommandFailure("--user must be an id or a principal name.") }
    return (id, nil, nil)
  }

  /// Looks a person up; nil when there is none, or no database yet. When the store cannot be read, an id may still get
  /// a token, but a principal name may not, because nobody knows whose it is.
  private func lookUp(_ reference: String, _ tenant: TenantID) throws -> StoredUser? {
    guard options.isPostgreSQL || FileManager.default.fileExists(atPath: options.database) else { return nil }
    do {
      let store = try options.openReadOnly()
      defer { store.close() }
      return try store.person(reference, in: tenant)
    } catch {
      guard reference.contains("@") else { return nil }
      guard let error = error as? StoreError else { throw error }
      throw CommandFailure(error.message)
    }
  }

  private static func words(_ text: String?) -> [String] {
    text?.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) ?? []
  }
}
