import ArgumentParser
import Foundation

/// Options from environment variables: `FACET_HTTPS_PORT=1` is `--https-port 1`, unless the command line has the
/// option.
enum Settings {
  /// The part of the argument parser's description of itself that is needed here.
  private struct Description: Decodable {
    struct Command: Decodable {
      let commandName: String
      let arguments: [Argument]?
      let subcommands: [Command]?
    }
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
      }
      let kind: String
      let names: [Name]?
    }
    let command: Command
  }

  private static let prefix = "FACET_"

  /// The command line with the options that the environment adds.
  ///
  /// - Throws: `ValidationError` for a `FACET_` variable that no command knows, and for a flag that is neither true nor
  ///   false.
  static func arguments(_ commandLine: [String], environment: [String: String]) throws -> [String] {
    let description = try JSONDecoder().decode(Description.self, from: Data(Facet._dumpHelp().utf8))
    let known = Set(all(description.command).flatMap { options(of: $0).keys })
    let chosen = chosen(description.command, commandLine[...])
    var arguments = commandLine
    for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) {
      let option = variable.dropFirst(prefix.count).lowercased().replacing("_", with: "-")
      guard known.contains(option) else {
        throw ValidationError("Unknown setting \(variable). Run 'facet help serve' for the settings there are.")
      }
      guard let chosen, let kind = options(of: chosen)[option], !isGiven(option, in: commandLine) else { continue }
      arguments += try added(option, kind: kind, value: value, variable: variable)
    }
    return arguments
  }

  /// A command with all its subcommands.
  private static func all(_ command: Description.Command) -> [Description.Command] {
    [command] + (command.subcommands ?? []).flatMap(all)
  }

  /// The command that the command line names; nil when it names none.
  private static func chosen(
    _ command: Description.Command, _ words: ArraySlice<String>
  ) -> Description.Command? {
    guard let subcommands = command.subcommands, !subcommands.isEmpty else { return command }
    return subcommands.first { $0.commandName == words.first }.flatMap { chosen($0, words.dropFirst()) }
  }

  private static func options(of command: Description.Command) -> [String: String] {
    var options: [String: String] = [:]
    for argument in command.arguments ?? [] {
      for name in argument.names ?? [] where name.kind == "long" { options[name.name] = argument.kind }
    }
    options["help"] = nil
    options["version"] = nil
    return options
  }

  private static func isGiven(_ option: String, in commandLine: [String]) -> Bool {
    commandLine.contains { $0 == "--\(option)" || $0.hasPrefix("--\(option)=") }
  }

  private static func added(_ option: String, kind: String, value: String, variable: String) throws -> [String] {
    guard kind == "flag" else { return ["--\(option)=\(value)"] }
    switch value.lowercased() {
    case "1", "true", "yes", "on": return ["--\(option)"]
    case "", "0", "false", "no", "off": return []
    default: throw ValidationError("\(variable) must be true or false.")
    }
  }
}
