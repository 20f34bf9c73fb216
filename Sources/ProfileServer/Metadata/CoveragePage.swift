public import OData
import Profiles

/// `docs/coverage.md`: what the service offers, and what it does not, as its model and its table of operations say.
public enum CoveragePage {
  /// The whole page for a model.
  public static func text(of model: EntityModel) -> String {
    let profile = model.type(named: "profile")
    let collections = profile?.navigation.filter { $0.isCollection && $0.isExpandable } ?? []
    return [
      introduction, methods(collections), options, permissions, missing(collections),
    ].joined(separator: "\n")
  }

  private static let introduction = """
    # Coverage

    What the service offers today. This page is made from the declared model and the table of operations, and a test
    compares it with them; write it anew with `REGENERATE=1 make test ARGS="--filter Coverage"`.

    `HEAD` is answered wherever `GET` is. Everything under `/users/{user-id}` takes a user's id or principal name.
    A dash means: not offered.

    """

  // MARK: Methods

  private static func methods(_ collections: [NavigationProperty]) -> String {
    var lines = ["## Resources by method", ""] + head(["Resource", "Address"] + APIOperation.Method.names)
    for kind in ResourceKind.allCases {
      let cells = APIOperation.Method.allCases.map { method in
        OperationTable.row(kind, method).map { $0.isUnderMe ? "yes, also `/me`" : "yes" } ?? "-"
      }
      lines.append(row([kind.title, addresses(of: kind)] + cells))
    }
    lines += [
      "", "`POST` to `/beta/$batch` or `/v1.0/$batch` performs several requests: see [queries.md](queries.md).",
    ]
    lines += ["", "## Collections", ""] + head(["Collection", "Also named", "Items", "What it holds"])
    for collection in collections {
      let second = OperationTable.secondAddress(of: collection).map { ["`\($0)`"] } ?? []
      let names = collection.aliases.map { "`\($0)`" } + second
      lines.append(
        row([
          "`\(collection.name)`", names.isEmpty ? "" : names.joined(separator: ", "), "`\(collection.target.name)`",
          collection.documentation,
        ]))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func addresses(of kind: ResourceKind) -> String {
    kind.versions.map { "`/\($0.rawValue)\(kind.template)`" }.joined(separator: ", ")
  }

  // MARK: Query options

  private static var options: String {
    var lines = ["## Resources by query option", ""] + head(["Resource"] + SystemQueryOption.allCases.map(\.code))
    for kind in ResourceKind.allCases where OperationTable.row(kind, .get) != nil {
      let offered = OperationTable.options(of: kind)
      lines.append(row([kind.title] + SystemQueryOption.allCases.map { offered.contains($0) ? "yes" : "-" }))
    }
    lines += [
      "",
      "Everything that is answered as JSON takes `$format` too. An option that is not offered is refused with 400, never ignored.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Permissions

  private static var permissions: String {
    var lines = ["## Resources by permission", "", "One permission of a cell is enough.", ""]
    lines += head(["Resource", "Method", "Delegated, own", "Delegated, of others", "Application"])
    for operation in OperationTable.rows {
      let rule = operation.permissions
      lines.append(
        row([
          operation.kind.title, operation.method.rawValue.uppercased(), names(rule.sufficient(.own)),
          names(rule.sufficient(.others)), names(rule.sufficient(.application)),
        ]))
    }
    lines += [
      "", "The service documents, `$metadata` and `/openapi.json` need no token. Writing for others may be left to",
      "administrators by the tenant's policy, and what is not visible to the caller does not exist for them: see",
      "[privacy.md](privacy.md).",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func names(_ permissions: [Permission]) -> String {
    permissions.isEmpty ? "-" : permissions.map { "`\($0.rawValue)`" }.joined(separator: ", ")
  }

  // MARK: What is missing

  private static func missing(_ collections: [NavigationProperty]) -> String {
    let kinds = ResourceKind.allCases.filter { OperationTable.row($0, .get) != nil }
    var lines = ["## Not offered", ""]
    for option in SystemQueryOption.allCases {
      let without = kinds.filter { !OperationTable.options(of: $0).contains(option) }
      guard !without.isEmpty else { continue }
      let place =
        without.count == kinds.count ? "not offered anywhere" : "offered only on: \(titles(of: option, kinds))"
      lines.append("- The query option `\(option.name)` is \(place).")
    }
    for kind in ResourceKind.allCases {
      let methods = APIOperation.Method.allCases.filter { OperationTable.row(kind, $0) == nil }
      guard !methods.isEmpty else { continue }
      lines.append("- \(kind.title): no \(methods.map { $0.rawValue.uppercased() }.joined(separator: ", ")).")
    }
    lines.append("- No method `PUT` on anything.")
    if collections.isEmpty { lines.append("- No collection is declared.") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func titles(of option: SystemQueryOption, _ kinds: [ResourceKind]) -> String {
    kinds.filter { OperationTable.options(of: $0).contains(option) }.map { $0.title.lowercased() }
      .joined(separator: ", ")
  }

  // MARK: Tables

  private static func head(_ titles: [String]) -> [String] {
    [row(titles), "|" + String(repeating: "---|", count: titles.count)]
  }

  private static func row(_ cells: [String]) -> String {
    "|" + cells.map { $0.isEmpty ? " |" : " \($0.replacing("|", with: "\\|")) |" }.joined()
  }
}

extension APIOperation.Method {
  fileprivate static var names: [String] { allCases.map { $0.rawValue.uppercased() } }
}

extension SystemQueryOption {
  fileprivate var code: String { "`\(name)`" }
}
