// swift-tools-version:6.2
import PackageDescription

/// One file that runs where no Swift is installed, and spends less time on calls into the standard library. The linker of
/// the toolchain finds what archives need of each other, whatever their order.
let standalone: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-static-stdlib", "-use-ld=lld", "-lFoundation", "-lFoundationInternationalization", "-lFoundationEssentials",
      "-l_FoundationICU", "-l_FoundationCollections", "-l_FoundationCShims", "-lCoreFoundation",
      "-lswiftSynchronization",
    ], .when(platforms: [.linux], configuration: .release))
]

/// One language dialect for every target, so that a file can move between them unchanged.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // The hot path crosses targets; without this each call between them stays opaque.
  // Tests run against the release build, so it is testable too: one configuration is compiled.
  .unsafeFlags(["-cross-module-optimization", "-enable-testing"], .when(configuration: .release)),
]

let package = Package(
  name: "facet",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "facet", targets: ["facet"]),
    .library(name: "OData", targets: ["OData"]),
    .library(name: "Profiles", targets: ["Profiles"]),
    .library(name: "Stores", targets: ["Stores"]),
    .library(name: "Authentication", targets: ["Authentication"]),
    .library(name: "Authority", targets: ["Authority"]),
    .library(name: "ProfileServer", targets: ["ProfileServer"]),
  ],
  dependencies: [
    // Life cycle of the server, TLS listeners and every route that is not hot.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    // The event loops, channels and HTTP/1 codec that the HTTP/1.1 handler is built on.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // TLS for the HTTPS listener.
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    // The bridge from NIO's HTTP/1 parts to Hummingbird's request types.
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    // The currency type for HTTP fields that Hummingbird's routes speak.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    // Structured logs.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // SHA-256, HMAC, and the keys of the built-in authority and of its certificates.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    // The local certificate authority and the server certificate made on first start.
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    // Object identifiers and octet strings inside those certificates.
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    // The command line.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Graceful start and shutdown of the listeners.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Fetches discovery documents and keys of external issuers.
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    // SQLite connections, migrations and backup.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Signing and verifying JSON Web Signatures; keys from JWKS.
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .target(name: "OData", dependencies: ["CUTF8Proc"], swiftSettings: strict),
    // Folds case and composes characters as Unicode says; Foundation does it by ICU, whose data are 30 MB. Without pkg-config,
    // which names a flag for Windows that the package manager refuses: the module's map says what to link.
    .systemLibrary(name: "CUTF8Proc", providers: [.apt(["libutf8proc-dev"])]),
    .target(name: "Profiles", dependencies: ["OData"], swiftSettings: strict),
    .target(
      name: "Stores",
      dependencies: [
        "OData", "Profiles",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Crypto", package: "swift-crypto"), "CPostgreSQL", "CSQLite",
      ],
      swiftSettings: strict),
    // The C library of PostgreSQL, for the store that several servers share.
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    // What of SQLite's C interface Swift cannot call.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    // Inflates request bodies: of what swift-nio-extras offers, only the first member of a gzip body is read.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Who asks: bearer tokens, external issuers and their keys. The HTTP client's interface consists of NIO's types.
    .target(
      name: "Authentication",
      dependencies: [
        "OData", "Profiles",
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // The built-in token authority and the certificates. It decides; its HTTP is in ProfileServer.
    .target(
      name: "Authority",
      dependencies: [
        "OData", "Profiles", "Authentication",
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "ProfileServer",
      dependencies: [
        "OData", "Profiles", "Authentication", "Authority", "CZlib",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "facet",
      dependencies: [
        "OData", "Profiles", "Stores", "Authentication", "Authority", "ProfileServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Resources/demo.ndjson")],
      swiftSettings: strict, linkerSettings: standalone),
    // Measures what the audit log costs; in this package, because no program but this one may leave the audit log out.
    .executableTarget(
      name: "AuditCost", dependencies: ["OData", "Profiles", "Stores"], path: "Benchmarks/AuditCost",
      swiftSettings: strict),
    // The same through the whole server.
    .executableTarget(
      name: "AuditServer",
      dependencies: [
        "OData", "Profiles", "Stores", "Authentication", "Authority", "ProfileServer",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Benchmarks/AuditServer", swiftSettings: strict, linkerSettings: standalone),
    // Requests without a socket, to count what they cost; it drives the HTTP/1.1 handler from inside, hence `@testable`.
    .executableTarget(
      name: "RequestCost",
      dependencies: [
        "OData", "Profiles", "Stores", "Authentication", "Authority", "ProfileServer",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Benchmarks/RequestCost", swiftSettings: strict, linkerSettings: standalone),
    // What SwiftNIO does when there is nothing to do, to measure beside.
    .executableTarget(
      name: "RawNIO",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Benchmarks/RawNIO", swiftSettings: strict, linkerSettings: standalone),
    // What every store must pass, as a library, so that the next store adds one line of tests.
    .target(
      name: "StoreConformance", dependencies: ["OData", "Profiles"], path: "Tests/StoreConformance",
      swiftSettings: strict),
    // A plain HTTP/1.1 client that sends exactly the bytes it is given, for tests of the wire.
    .target(name: "HTTPProbe", path: "Tests/HTTPProbe", swiftSettings: strict),
    // Random numbers that replay, and the suites of others that tests read beside the checkout.
    .target(name: "Fixtures", path: "Tests/Fixtures", swiftSettings: strict),
    // Storage that fails on purpose, for SQLite in a process of its own.
    .target(
      name: "CFaultyStorage", path: "Tests/CFaultyStorage", linkerSettings: [.linkedLibrary("sqlite3")]),
    // The writes that are performed on failing storage and through a failing network, and what may be found afterwards.
    .target(
      name: "FaultHistory", dependencies: ["OData", "Profiles", "Stores"], path: "Tests/FaultHistory",
      swiftSettings: strict),
    // Performs them with each call of SQLite failing in turn; `make faults` runs all of it, and a test a part.
    .executableTarget(
      name: "FaultyStore", dependencies: ["OData", "Profiles", "Stores", "CFaultyStorage", "FaultHistory", "Fixtures"],
      path: "Tests/FaultyStore", swiftSettings: strict),
    .testTarget(
      name: "ODataTests", dependencies: ["OData", "Fixtures"], exclude: ["Metadata/Goldens"], swiftSettings: strict),
    .testTarget(name: "ProfilesTests", dependencies: ["OData", "Profiles", "Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "StoresTests",
      dependencies: [
        "OData", "Profiles", "Stores", "StoreConformance", "FaultHistory", "Fixtures",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["PostgreSQL/Goldens"], swiftSettings: strict),
    // Forges tokens and serves documents of issuers, for tests of whatever takes tokens.
    .target(
      name: "AuthenticationSupport",
      dependencies: [
        "OData", "Profiles", "Authentication",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/AuthenticationSupport", swiftSettings: strict),
    // The built-in issuer of tests, and openssl.
    .target(
      name: "AuthoritySupport", dependencies: ["Authority", "Fixtures"], path: "Tests/AuthoritySupport",
      swiftSettings: strict),
    .testTarget(
      name: "AuthenticationTests",
      dependencies: [
        "OData", "Profiles", "Authentication", "AuthenticationSupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AuthorityTests",
      dependencies: [
        "OData", "Profiles", "Authentication", "AuthenticationSupport", "Authority", "AuthoritySupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ProfileServerTests",
      dependencies: [
        "OData", "Profiles", "Authentication", "AuthenticationSupport", "Authority", "AuthoritySupport",
        "ProfileServer",
        "Stores", "Fixtures",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: strict),
    // Runs the built binary as a user would, and checks the house rules and the documentation. It does not name that
    // binary, with which it would have to be linked; `swift build --build-tests` builds it all the same.
    .testTarget(
      name: "FacetTests",
      dependencies: [
        "OData", "Profiles", "Authentication", "Authority", "ProfileServer", "HTTPProbe", "Fixtures",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
  ]
)
