public import OData
import Profiles

/// The page `docs/coverage.md`, generated from the model and the table of resources: what the service offers and what
/// it does not.
public enum CoveragePage {
  /// The page for a model, as Markdown.
  public static func text(of model: EntityModel) -> String {
    let profile = model.type(named: "profile")
    let collections = profile?.navigation.filter { $0.isCollection && $0.isExpandable } ?? []
    return [
      introduction, methods(collections), options, permissions, missing(collections),
    ].joined(separator: "\n")
  }

  private static let introduction = """
    # Coverage

    What the service offers today. This page is made from the declared model and the table of resources, and a test
    compares it with them; write it anew with `REGENERATE=1 make test ARGS="--filter Coverage"`.

    `HEAD` is answered wherever `GET` is. Everything under `/users/{user-id}` takes a user's id or principal name.
    A dash means: not offered.

    """

  // MARK: Methods

  private static func methods(_ collections: [NavigationProperty]) -> String {
    var lines = ["## Resources by method", ""] + head(["Resource", "Address"] + APIOperation.Method.names)
    for resource in ResourceTable.documented {
      let cells = APIOperation.Method.allCases.map { method in
        resource.route(method).map { resource.isUnderMe($0) ? "yes, also `/me`" : "yes" } ?? "-"
      }
      lines.append(row([resource.title, addresses(of: resource)] + cells))
    }
    lines += [
      "", "`POST` to `/beta/$batch` or `/v1.0/$batch` performs several requests: see [queries.md](queries.md).",
    ]
    lines += ["", "## Collections", ""] + head(["Collection", "Also named", "Items", "What it holds"])
    for collection in collections {
      let second = collection.secondAddress.map { ["`\($0)`"] } ?? []
      let names = collection.aliases.map { "`\($0)`" } + second
      lines.append(
        row([
          "`\(collection.name)`", names.isEmpty ? "" : names.joined(separator: ", "), "`\(collection.target.name)`",
          collection.documentation,
        ]))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func addresses(of resource: Resource) -> String {
    resource.template.versions.map { "`/\($0.rawValue)\(resource.template.text)`" }.joined(separator: ", ")
  }

  // MARK: Query options

  private static var options: String {
    var lines = ["## Resources by query option", ""] + head(["Resource"] + SystemQueryOption.allCases.map(\.code))
    for resource in ResourceTable.documented where resource.route(.get) != nil {
      let offered = resource.options
      lines.append(row([resource.title] + SystemQueryOption.allCases.map { offered.contains($0) ? "yes" : "-" }))
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
    for resource in ResourceTable.documented {
      for route in resource.routes {
        let rule = route.permissions
        lines.append(
          row([
            resource.title, route.method.rawValue.uppercased(), names(rule.sufficient(.own)),
            names(rule.sufficient(.others)), names(rule.sufficient(.application)),
          ]))
      }
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
    let readable = ResourceTable.documented.filter { $0.route(.get) != nil }
    var lines = ["## Not offered", ""]
    for option in SystemQueryOption.allCases {
      let without = readable.filter { !$0.options.contains(option) }
      guard !without.isEmpty else { continue }
      let place =
        without.count == readable.count ? "not offered anywhere" : "offered only on: \(titles(of: option, readable))"
      lines.append("- The query option `\(option.name)` is \(place).")
    }
    for resource in ResourceTable.documented {
      let methods = APIOperation.Method.allCases.filter { $0 != .put && resource.route($0) == nil }
      guard !methods.isEmpty else { continue }
      lines.append("- \(resource.title): no \(methods.map { $0.rawValue.uppercased() }.joined(separator: ", ")).")
    }
    lines.append("- No method `PUT` on anything but the bytes of photos.")
    if collections.isEmpty { lines.append("- No collection is declared.") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func titles(of option: SystemQueryOption, _ resources: [Resource]) -> String {
    resources.filter { $0.options.contains(option) }.map { $0.title.lowercased() }
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

extension Resource {
  /// The route of a method; nil when the resource does not have it.
  fileprivate func route(_ method: APIOperation.Method) -> Route? { routes.first { $0.method == method } }

  fileprivate func isUnderMe(_ route: Route) -> Bool { template.belowMe != nil && route.isUnderMe }

  /// All query options that routes of the resource support.
  fileprivate var options: [SystemQueryOption] {
    SystemQueryOption.allCases.filter { option in routes.contains { $0.options.contains(option) } }
  }
}
