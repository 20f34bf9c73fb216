import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The baseline of SwiftNIO: every request gets the same response, on as many event loops as there are cores.
/// Arguments: a file with the response, and a file to write the port to.
@main
struct RawNIO {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    guard arguments.count == 2 else { fatalError("RawNIO takes a file with the answer and a ready file.") }
    let answer = try FixedAnswer(file: arguments[0])
    let server = try bootstrap(answer).bind(host: "127.0.0.1", port: 0).wait()
    guard let port = server.localAddress?.port else { fatalError("The server has no port.") }
    // Write atomically: the reader waits for the file to exist.
    try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: arguments[1]), options: .atomic)
    // Serve until SIGTERM terminates the process.
    try server.closeFuture.wait()
  }

  private static func bootstrap(_ answer: FixedAnswer) -> ServerBootstrap {
    ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount))
      .serverChannelOption(.backlog, value: 256)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(FixedAnswerHandler(answer))
        }
      }
  }
}

/// A response from a file: one header field a line, an empty line, and the body.
struct FixedAnswer: Sendable {
  let head: HTTPResponseHead
  let body: ByteBuffer

  init(file: String) throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    guard let gap = text.range(of: "\n\n") else { fatalError("The answer has no empty line before its body.") }
    var headers = HTTPHeaders()
    for line in text[..<gap.lowerBound].split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { fatalError("A header field has no colon.") }
      headers.add(name: String(parts[0]), value: parts[1].trimmingCharacters(in: .whitespaces))
    }
    body = ByteBuffer(string: String(text[gap.upperBound...]))
    headers.replaceOrAdd(name: "Content-Length", value: "\(body.readableBytes)")
    head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
  }
}

/// Responds when a request is complete.
final class FixedAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let answer: FixedAnswer

  init(_ answer: FixedAnswer) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
