import ArgumentParser
import Foundation
import Profiles
import Stores

/// `facet export`: writes the whole directory, or everything held on one person, as JSON lines.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the whole directory, or all that is held on one person, as JSON lines, as of one moment.",
    discussion:
      "It may run beside a server. Tenants and groups come first, then people in the order of their ids, each "
      + "followed by their memberships and items. With --user the audit log of the person follows.")

  @OptionGroup var options: StoreOptions

  @Option(help: ArgumentHelp("Only what is held on this person.", valueName: "id|upn"))
  var user: String?

  @Option(help: ArgumentHelp("The tenant of a principal name; the demo's unless given.", valueName: "id"))
  var tenant: String = TenantID.demo.text

  @Argument(help: "The file to write; standard output when there is none.")
  var file: String?

  func validate() throws {
    guard TenantID(tenant) != nil else { throw ValidationError("--tenant must be an id.") }
  }

  func run() throws {
    let store = try options.openReadOnly()
    defer { store.close() }
    let output = try file.map(Self.create) ?? .standardOutput
    let progress = file == nil ? nil : ProgressLine("Exported")
    var buffer = Data()
    var lineCount = 0
    do {
      try lines(store) { line in
        buffer.append(contentsOf: line)
        buffer.append(0x0A)
        lineCount += 1
        guard buffer.count > 1 << 16 else { return }
        progress?.update(lineCount)
        try output.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
      }
      try output.write(contentsOf: buffer)
    } catch let error as StoreError {
      throw CommandFailure(error.message)
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure("The export could not be written. Check the disk and its free space.")
    }
    progress?.finish(lineCount)
  }

  /// Calls `body` with each line, without its line feed.
  private func lines(_ store: any AdministeredStore, _ body: ([UInt8]) throws -> Void) throws {
    guard let user else { return try store.exportLines { try body($0.line) } }
    let person = try TenantID(tenant).flatMap { try store.person(user, in: $0) }
    // The audit log keeps the changes of a deleted person, by id.
    guard let id = person?.id ?? (user.contains("@") ? nil : UserID(user)),
      let tenant = person?.tenant ?? TenantID(tenant)
    else { throw CommandFailure("There is no such person. Give an id, or a principal name with --tenant.") }
    var isEmpty = true
    func write(_ line: [UInt8]) throws {
      isEmpty = false
      try body(line)
    }
    try store.export(id, in: tenant, lines: { try write($0.line) }, changes: { try write($0.line) })
    guard !isEmpty else { throw CommandFailure("Nothing is held on this person. Check the id and --tenant.") }
  }

  private static func create(_ path: String) throws -> FileHandle {
    let isNew = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    guard isNew, let file = FileHandle(forWritingAtPath: path) else {
      throw CommandFailure("\(path) cannot be written. Check its path and permissions.")
    }
    return file
  }
}
