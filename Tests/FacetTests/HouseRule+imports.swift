extension HouseRule {
  /// A target imports only what the picture of the house allows.
  static let importRules: [HouseRule] =
    targets.map { target in
      onImports(
        "\(target.name) imports nothing but \(target.allowed.sorted().joined(separator: ", "))",
        bad: ("Sources/\(target.name)/A.swift", target.forbidden),
        good: ("Sources/\(target.name)/A.swift", "Synchronization")
      ) { file, module in
        file.isIn("Sources/\(target.name)") && !target.allowed.contains(module)
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

  /// A target with all the modules that it may import. `forbidden` is one that it must not, for the sample.
  private struct Target: Sendable {
    let name: String
    let allowed: Set<String>
    let forbidden: String

    init(_ name: String, below targets: [String], libraries: [String], system: [String] = [], forbidden: String) {
      self.name = name
      allowed = Set(targets + libraries + system + ["Synchronization"])
      self.forbidden = forbidden
    }
  }

  /// What comes with Swift, beyond its standard library.
  private static let system = ["Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Logging", "Musl"]

  private static let targets: [Target] = [
    Target("OData", below: [], libraries: ["CUTF8Proc"], forbidden: "Foundation"),
    Target("Profiles", below: ["OData"], libraries: [], forbidden: "Foundation"),
    // The interface of AsyncHTTPClient consists of types of NIO's.
    Target(
      "Authentication", below: ["OData", "Profiles"],
      libraries: ["JWTKit", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL", "Crypto"], system: system,
      forbidden: "Authority"),
    Target(
      "Authority", below: ["OData", "Profiles", "Authentication"],
      libraries: ["JWTKit", "X509", "SwiftASN1", "Crypto", "CryptoExtras"], system: system, forbidden: "HTTPTypes"),
    Target(
      "ProfileServer", below: ["OData", "Profiles", "Authentication", "Authority"],
      libraries: [
        "CZlib", "Crypto", "HTTPTypes", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "NIOCore", "NIOExtras",
        "NIOHTTP1",
        "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle",
      ], system: system, forbidden: "Stores"),
    Target(
      "Stores", below: ["OData", "Profiles"], libraries: ["CPostgreSQL", "CSQLite", "Crypto", "GRDB", "GRDBSQLite"],
      system: system, forbidden: "ProfileServer"),
    Target(
      "Images", below: ["OData", "Profiles"], libraries: ["CConfinement", "CJPEG", "CPNG"], system: system,
      forbidden: "Stores"),
    Target(
      "facet", below: ["OData", "Profiles", "Authentication", "Authority", "Images", "ProfileServer", "Stores"],
      libraries: ["ArgumentParser", "ServiceLifecycle", "UnixSignals"], system: system, forbidden: "Hummingbird"),
  ]

  /// Beginnings of module names, and the only folders that may import them.
  private static let confined: KeyValuePairs<String, [String]> = [
    "NIO": ["Sources/ProfileServer", "Sources/Authentication/Issuers"],
    "AsyncHTTPClient": ["Sources/Authentication/Issuers"],
    "JWTKit": ["Sources/Authentication/Issuers", "Sources/Authority/Keys"],
    "X509": ["Sources/Authority/TLS", "Sources/Authority/Keys"],
    "SwiftASN1": ["Sources/Authority/TLS", "Sources/Authority/Keys"],
    "Crypto": ["Sources/Authority", "Sources/ProfileServer", "Sources/Stores/AuditLog"],
    "GRDB": ["Sources/Stores/SQLite"],
    "CSQLite": ["Sources/Stores/SQLite"],
    "CPostgreSQL": ["Sources/Stores/PostgreSQL"],
    "CZlib": ["Sources/ProfileServer/HTTP1"],
    "CUTF8Proc": ["Sources/OData/Values"],
    "CJPEG": ["Sources/Images"],
    "CPNG": ["Sources/Images"],
    "CConfinement": ["Sources/Images"],
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
