extension HouseRule {
  /// A target imports only what the picture of the house allows.
  static let importRules: [HouseRule] =
    closedTargets.map { target, allowed in
      onImports(
        "\(target) imports nothing but \(allowed.sorted().joined(separator: ", "))",
        bad: ("Sources/\(target)/A.swift", "Foundation"), good: ("Sources/\(target)/A.swift", "Synchronization")
      ) { file, module in
        file.isIn("Sources/\(target)") && !allowed.contains(module)
      }
    }
    + strangers.map { one, other in
      onImports(
        "\(one) never imports \(other)", bad: ("Sources/\(one)/A.swift", other),
        good: ("Sources/facet/A.swift", other)
      ) { file, module in
        file.isIn("Sources/\(one)") && module == other
      }
    }
    + confined.map { modules, folders in
      onImports(
        "\(modules) stays in \(folders.joined(separator: " and "))",
        bad: ("Sources/OData/A.swift", modules), good: ("\(folders[0])/A.swift", modules)
      ) { file, module in
        module.hasPrefix(modules) && !folders.contains(where: file.isIn)
      }
    }

  /// Targets with no I/O, and all they may import.
  private static let closedTargets: KeyValuePairs<String, Set<String>> = [
    "OData": ["CUTF8Proc", "Synchronization"],
    "Profiles": ["OData", "Synchronization"],
  ]

  /// The two edges that never import each other, and the executable that nobody imports.
  private static let strangers: [(String, String)] = [
    ("Stores", "ProfileServer"), ("Stores", "facet"), ("ProfileServer", "Stores"), ("ProfileServer", "facet"),
  ]

  /// Beginnings of module names, and the only folders that may import them.
  private static let confined: KeyValuePairs<String, [String]> = [
    "Hummingbird": ["Sources/ProfileServer"],
    "NIO": ["Sources/ProfileServer"],
    "HTTPTypes": ["Sources/ProfileServer"],
    "AsyncHTTPClient": ["Sources/ProfileServer"],
    "Crypto": ["Sources/ProfileServer", "Sources/Stores/Record"],
    "JWTKit": ["Sources/ProfileServer"],
    "X509": ["Sources/ProfileServer"],
    "SwiftASN1": ["Sources/ProfileServer"],
    "Logging": ["Sources/ProfileServer", "Sources/facet"],
    "ServiceLifecycle": ["Sources/ProfileServer", "Sources/facet"],
    "UnixSignals": ["Sources/ProfileServer", "Sources/facet"],
    "ArgumentParser": ["Sources/facet"],
    "GRDB": ["Sources/Stores/SQLite"],
    "CPostgreSQL": ["Sources/Stores/PostgreSQL"],
    "CZlib": ["Sources/ProfileServer/Channel"],
    "CUTF8Proc": ["Sources/OData/Values"],
  ]

  private static func onImports(
    _ sentence: String, bad: (String, String), good: (String, String),
    _ isForbidden: @escaping @Sendable (SourceText, String) -> Bool
  ) -> HouseRule {
    lines(sentence, bad: (bad.0, "import \(bad.1)\n"), good: (good.0, "public import \(good.1)\n")) { file, line in
      guard let module = importedModule(line.code), isForbidden(file, module) else { return nil }
      return "\(module) must not be imported here"
    }
  }

  private static func importedModule(_ code: String) -> String? {
    guard code.contains("import") else { return nil }
    let statement =
      /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+(?:(?:class|enum|func|protocol|struct|typealias|var)\s+)?(\w+)/
    return code.firstMatch(of: statement).map { String($0.output.1) }
  }
}
