public import ArgumentParser
import Authentication
import Authority
import Foundation
public import Logging
import OData
public import ProfileServer
import Profiles
import ServiceLifecycle
import Stores
import UnixSignals

/// `facet serve`: runs the server.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the server until SIGTERM or SIGINT.",
    discussion: "Every option is also an environment variable: --https-port is FACET_HTTPS_PORT.")

  @OptionGroup var options: StoreOptions

  @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("Port for plain HTTP; 0 picks a free one.", valueName: "port"))
  var port = 8080

  @Option(help: ArgumentHelp("Port for HTTPS; 0 picks a free one.", valueName: "port"))
  var httpsPort = AuthorityAddresses.defaultHTTPSPort

  @Flag(help: "Start with demo people, an open policy and printed credentials.")
  var demo = false

  @Flag(help: "Let others than this machine reach the demo, and everything in it.")
  var demoAnywhere = false

  @Option(help: ArgumentHelp("JSON lines to import when the store is still empty.", valueName: "file"))
  var seed: String?

  @Option(help: ArgumentHelp("The URL by which clients reach the server behind a proxy.", valueName: "url"))
  var publicURL: String?

  @Option(help: ArgumentHelp("OpenID Connect issuers that are trusted, as JSON.", valueName: "file"))
  var issuers: String?

  @Option(help: ArgumentHelp("File that is written once requests are answered.", valueName: "file"))
  var readyFile: String?

  @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
  var logLevel: Logger.Level = .info

  @Flag(help: "Accept snake_case names of properties, as the Python SDK writes them for None.")
  var lenientNames = false

  @Option(help: ArgumentHelp("How source.type is answered: auto, string or collection.", valueName: "shape"))
  var sourceShape: SourceShape = .auto

  @Option(help: ArgumentHelp("Most requests of one $batch.", valueName: "count"))
  var batchSize = Limits.batchRequestsDefault

  func validate() throws {
    for port in [port, httpsPort] where !(0...65_535).contains(port) {
      throw ValidationError("A port is a number from 0 to 65535.")
    }
    guard (1...Limits.batchRequestsMax).contains(batchSize) else {
      throw ValidationError("--batch-size is a number from 1 to \(Limits.batchRequestsMax).")
    }
    guard demo || !demoAnywhere else { throw ValidationError("--demo-anywhere goes with --demo.") }
    guard port != httpsPort || port == 0 else { throw ValidationError("--port and --https-port must differ.") }
  }

  func run() async throws {
    let logger = makeLogger()
    try await checkDemo(logger)
    let openFilesMax = try OpenFiles.raiseLimit()
    // The ready file of an earlier run would send tests to a server that is gone.
    if let readyFile { try ReadyFile.prepare(readyFile) }
    defer { if let readyFile { unlink(readyFile) } }
    let parts = try await ServerComposition(self, logger)
    let server = parts.server(self, openFilesMax: openFilesMax) { ports in await announce(ports, parts, logger) }
    try await run([StoreMonitor(parts.store, logger: logger), server], logger)
    try await parts.close()
    logger.info("The server has ended.")
  }

  private func run(_ services: [any Service], _ logger: Logger) async throws {
    // The life cycle of services does not interest an operator; its failures do.
    var quiet = logger
    quiet.logLevel = max(logLevel, .warning)
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    configuration.maximumGracefulShutdownDuration = .seconds(Limits.drainSeconds)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch is CancellationError {
      // Requests that outlasted `Limits.drainSeconds` were cut off.
    } catch let error as StoreError {
      throw CommandFailure(error.message)
    } catch let error as ListenError {
      throw CommandFailure(error.message)
    } catch let error as DescriptorsError {
      throw CommandFailure(error.message)
    } catch let error as KeyFileError {
      throw CommandFailure(error.message)
    }
  }

  /// Refuses a demo that other machines can reach, unless the operator allows it: it hands its credentials to
  /// everybody.
  private func checkDemo(_ logger: Logger) async throws {
    guard demo, !(await AddressLookup.isLoopback(host)) else { return }
    guard demoAnywhere else {
      throw CommandFailure(
        "--demo is for this machine alone, and \(host) is not a loopback address: whoever reaches it could read and change "
          + "everything. Leave --host out, or add --demo-anywhere.")
    }
    logger.warning(
      "The demo can be reached from other machines: whoever does so can read and change everything in it.",
      metadata: ["host": "\(host)"])
  }

  private func makeLogger() -> Logger {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "facet")
    logger.logLevel = logLevel
    return logger
  }

  private func announce(_ ports: ServerPorts, _ parts: ServerComposition, _ logger: Logger) async {
    let ready = ReadyFile(host: host, ports: ports, certificate: parts.certificates.certificatePath, demo: parts.demo)
    logger.info("The server is ready.", metadata: ["http": "\(ready.http)", "https": "\(ready.https)"])
    if let sentence = parts.damage { logger.error("The store refuses writes.", metadata: ["reason": "\(sentence)"]) }
    do { try await options.keepIssuer(parts.addresses) } catch {
      logger.error("Tokens of 'facet token' may name another issuer.", metadata: ["reason": "\(error)"])
    }
    do { if let readyFile { try ready.write(to: readyFile) } } catch {
      logger.error("The ready file cannot be written.", metadata: ["reason": "\(error)"])
    }
    // Signing the first token of a new directory waits for its key. Nothing else has to.
    if demo { FileHandle.standardOutput.write(Data(await parts.greeting(ready).utf8)) }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension SourceShape: ExpressibleByArgument {}
