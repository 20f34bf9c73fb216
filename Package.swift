// swift-tools-version:6.2
import PackageDescription

/// Links a single file that runs without Swift installed and calls the standard library faster. The toolchain's linker
/// resolves references between archives in any order.
let standalone: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-static-stdlib", "-use-ld=lld", "-lFoundation", "-lFoundationInternationalization", "-lFoundationEssentials",
      "-l_FoundationICU", "-l_FoundationCollections", "-l_FoundationCShims", "-lCoreFoundation",
      "-lswiftSynchronization",
    ], .when(platforms: [.linux], configuration: .release))
]

/// One language dialect for all targets, so that files can move between them unchanged.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // The hot path crosses targets; without this flag, the optimizer cannot see through calls between them.
  // Tests run against the release build, the only configuration that is compiled; hence `-enable-testing`.
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
    .library(name: "Images", targets: ["Images"]),
    .library(name: "Authentication", targets: ["Authentication"]),
    .library(name: "Authority", targets: ["Authority"]),
    .library(name: "ProfileServer", targets: ["ProfileServer"]),
  ],
  dependencies: [
    // Server life cycle, TLS listeners and all routes off the hot path.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    // Event loops, channels and the HTTP/1 codec on which the HTTP/1.1 handler is built.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // TLS for the HTTPS listener.
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    // The bridge from NIO's HTTP/1 parts to Hummingbird's request types.
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    // The currency types for HTTP requests, responses and fields in Hummingbird's routes.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    // Structured logging.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // SHA-256, HMAC, and the keys of the built-in authority and its certificates.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    // The local certificate authority and the server certificate, created at the first start.
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    // Object identifiers and octet strings in those certificates.
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    // The command line.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Graceful start and shutdown of the listeners.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Fetching discovery documents and keys of external issuers.
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    // SQLite connections, migrations and backup.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Signing and verifying JSON Web Signatures; keys from JWK sets.
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .target(name: "OData", dependencies: ["CUTF8Proc"], swiftSettings: strict),
    // Unicode case folding and composition; Foundation uses ICU for them, with 30 MB of data. The module map names the
    // library to link, because pkg-config adds a flag for Windows that the package manager refuses.
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
    // PostgreSQL's C library, for the store that several servers share.
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    // The parts of SQLite's C interface that Swift cannot call.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    // Decompresses request bodies; swift-nio-extras reads only the first member of a gzip body.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Read and write the photos that clients send. Only processes of their own call them, because their input is hostile.
    .systemLibrary(name: "CJPEG", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
    // The system call that confines such a process, which Swift cannot call.
    .systemLibrary(name: "CConfinement"),
    // Makes photos of images: the process that decodes them, and the side of the server that runs it.
    .target(
      name: "Images", dependencies: ["OData", "Profiles", "CJPEG", "CPNG", "CConfinement"], swiftSettings: strict),
    // Identifies the caller: bearer tokens, external issuers and their keys. The HTTP client's API uses NIO's types.
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
    // The built-in token authority and the certificates, without HTTP: its routes are in ProfileServer.
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
        "OData", "Profiles", "Stores", "Images", "Authentication", "Authority", "ProfileServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Resources/demo.ndjson")],
      swiftSettings: strict, linkerSettings: standalone),
    // Measures the cost of the audit log in the store. Part of this package, because no other program may disable the
    // audit log.
    .executableTarget(
      name: "AuditCost", dependencies: ["OData", "Profiles", "Stores"], path: "Benchmarks/AuditCost",
      swiftSettings: strict),
    // Measures the same through the whole server.
    .executableTarget(
      name: "AuditServer",
      dependencies: [
        "OData", "Profiles", "Stores", "Authentication", "Authority", "ProfileServer",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Benchmarks/AuditServer", swiftSettings: strict, linkerSettings: standalone),
    // Sends requests without a socket, to count their instructions. It uses the HTTP/1.1 handler's internals, hence
    // `@testable`.
    .executableTarget(
      name: "RequestCost",
      dependencies: [
        "OData", "Profiles", "Stores", "Authentication", "Authority", "ProfileServer",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Benchmarks/RequestCost", swiftSettings: strict, linkerSettings: standalone),
    // SwiftNIO with a fixed response, as a baseline for the benchmark.
    .executableTarget(
      name: "RawNIO",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Benchmarks/RawNIO", swiftSettings: strict, linkerSettings: standalone),
    // The conformance tests for stores, as a library, so that a new store needs one line of tests.
    .target(
      name: "StoreConformance", dependencies: ["OData", "Profiles"], path: "Tests/StoreConformance",
      swiftSettings: strict),
    // A plain HTTP/1.1 client that sends exactly the given bytes, for tests of the wire format.
    .target(name: "HTTPProbe", path: "Tests/HTTPProbe", swiftSettings: strict),
    // Reproducible random numbers, and third-party test suites that are read from beside the checkout.
    .target(name: "Fixtures", path: "Tests/Fixtures", swiftSettings: strict),
    // Storage that fails on purpose, for SQLite in a separate process.
    .target(
      name: "CFaultyStorage", path: "Tests/CFaultyStorage", linkerSettings: [.linkedLibrary("sqlite3")]),
    // The writes to perform on failing storage and over a failing network, and the permitted results.
    .target(
      name: "FaultHistory", dependencies: ["OData", "Profiles", "Stores"], path: "Tests/FaultHistory",
      swiftSettings: strict),
    // Performs these writes while each system call of SQLite fails in turn. `make faults` runs all of it, a test a
    // sample.
    .executableTarget(
      name: "FaultyStore", dependencies: ["OData", "Profiles", "Stores", "CFaultyStorage", "FaultHistory", "Fixtures"],
      path: "Tests/FaultyStore", swiftSettings: strict),
    .testTarget(
      name: "ODataTests", dependencies: ["OData", "Fixtures"], exclude: ["Metadata/Goldens"], swiftSettings: strict),
    .testTarget(name: "ProfilesTests", dependencies: ["OData", "Profiles", "Fixtures"], swiftSettings: strict),
    .testTarget(name: "ImagesTests", dependencies: ["OData", "Profiles", "Images"], swiftSettings: strict),
    .testTarget(
      name: "StoresTests",
      dependencies: [
        "OData", "Profiles", "Stores", "StoreConformance", "FaultHistory", "Fixtures",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["PostgreSQL/Goldens"], swiftSettings: strict),
    // Forges tokens and serves issuers' documents, for tests of code that accepts tokens.
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
    // The built-in issuer and openssl, for tests.
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
    // Runs the built binary as a user would, and checks the house rules and the documentation. The binary is not a
    // dependency, which would be linked into the tests; `swift build --build-tests` builds it anyway.
    .testTarget(
      name: "FacetTests",
      dependencies: [
        "OData", "Profiles", "Authentication", "Authority", "ProfileServer", "HTTPProbe", "Fixtures",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
  ]
)
