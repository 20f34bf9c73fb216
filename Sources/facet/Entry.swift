import ArgumentParser
import Foundation
import Images

/// The entry point: adds the options from the environment, then runs the command that the command line names.
@main
struct Entry {
  static func main() async {
    // Before anything else, so that this process holds as little as it can.
    if CommandLine.arguments.dropFirst() == [PhotoChild.argument] { PhotoChild.run() }
    do {
      let arguments = try Settings.arguments(
        Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
      var command = try Facet.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Facet.exit(withError: error)
    }
  }
}

/// `facet`: the root of all commands.
struct Facet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "facet",
    abstract: "A people-profile server that speaks the Microsoft Graph profile API.",
    discussion: "Every option is also an environment variable: --https-port is FACET_HTTPS_PORT.",
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, TokenCommand.self, ImportCommand.self, ExportCommand.self, BackupCommand.self,
      RestoreCommand.self, CheckCommand.self, TenantCommand.self, MigrateCommand.self,
    ])
}

/// A failure that ends a command, as one sentence for the operator.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
