import Foundation

/// A plain HTTP/1.1 connection that sends exactly the given bytes. It blocks; use it inside `blocking`.
public final class HTTPConnection {
  /// Why a connection failed.
  public enum Failure: Error, Equatable {
    case cannotConnect(Int32)
    case closed
    case timedOut
    case malformed(String)
  }

  private let socketDescriptor: Int32
  private var buffer: [UInt8] = []

  /// Connects to a port of this machine.
  public init(port: Int, timeoutSeconds: Int = 30) throws {
    socketDescriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(socketDescriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socketDescriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var noDelay: Int32 = 1
    setsockopt(socketDescriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Self.uninterrupted { Int(connect(socketDescriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))) }
      }
    }
    guard result == 0 else {
      let code = errno
      Glibc.close(socketDescriptor)
      throw Failure.cannotConnect(code)
    }
  }

  /// Repeats a system call that a signal interrupted. Processes that tests start send a signal when they exit, and the
  /// system does not resume calls on a socket with a timeout.
  private static func uninterrupted(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  deinit { Glibc.close(socketDescriptor) }

  /// Sends bytes as they are.
  public func send(_ bytes: some Sequence<UInt8>) throws {
    let bytes = Array(bytes)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        Self.uninterrupted { Glibc.send(socketDescriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
      }
      guard count > 0 else { throw Failure.closed }
      sent += count
    }
  }

  /// Sends as much of a text as the other side accepts within a moment.
  public func sendWhatIsTaken(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    var pauses = 0
    while sent < bytes.count, pauses < 20 {
      let count = bytes[sent...].withUnsafeBytes { rest in
        Glibc.send(socketDescriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count > 0 { sent += count } else { pauses += 1 }
      if count <= 0 { usleep(5_000) }
    }
  }

  /// Whether unread bytes have arrived or the other side has closed. Does not wait.
  public var hasAnswer: Bool {
    var byte: UInt8 = 0
    return !buffer.isEmpty
      || recv(socketDescriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0
  }

  /// Sends text as it is.
  public func send(_ text: String) throws { try send(text.utf8) }

  /// Closes the sending side.
  public func finishSending() { shutdown(socketDescriptor, Int32(SHUT_WR)) }

  /// Reads one response. Interim responses (1xx) are returned as responses of their own.
  public func readAnswer(toHead: Bool = false) throws -> HTTPAnswer {
    let head = try readHead()
    var answer = try HTTPAnswer(head: head)
    let hasNoBody = toHead || answer.status == 204 || answer.status == 304 || answer.status < 200
    if hasNoBody { return answer }
    if answer.header("transfer-encoding")?.lowercased() == "chunked" {
      answer.body = try readChunks()
    } else if let length = answer.header("content-length").flatMap({ Int($0) }) {
      answer.body = try read(exactly: length)
    } else {
      answer.body = try readToEnd()
    }
    return answer
  }

  /// Reads until the other side closes.
  public func readToEnd() throws -> [UInt8] {
    while try fill() {}
    defer { buffer = [] }
    return buffer
  }

  /// Waits for the other side to close, and returns whether it did.
  public func isClosedByPeer() -> Bool {
    do {
      return try !fill()
    } catch Failure.timedOut {
      return false
    } catch {
      return true
    }
  }

  private func readHead() throws -> [UInt8] {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let position = buffer.firstRange(of: end) {
        let head = Array(buffer[..<position.lowerBound])
        buffer.removeFirst(position.upperBound)
        return head
      }
      guard try fill() else { throw Failure.closed }
    }
  }

  private func readLine() throws -> String {
    while true {
      if let position = buffer.firstRange(of: [13, 10]) {
        let line = String(decoding: buffer[..<position.lowerBound], as: UTF8.self)
        buffer.removeFirst(position.upperBound)
        return line
      }
      guard try fill() else { throw Failure.closed }
    }
  }

  private func readChunks() throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try readLine()
      guard let size = Int(line, radix: 16) else { throw Failure.malformed("chunk size") }
      if size == 0 {
        while try !readLine().isEmpty {}
        return body
      }
      body += try read(exactly: size)
      _ = try readLine()
    }
  }

  private func read(exactly count: Int) throws -> [UInt8] {
    while buffer.count < count { guard try fill() else { throw Failure.closed } }
    let bytes = Array(buffer[..<count])
    buffer.removeFirst(count)
    return bytes
  }

  private func fill() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = Self.uninterrupted { recv(socketDescriptor, &piece, piece.count, 0) }
    if count > 0 {
      buffer += piece[..<count]
      return true
    }
    guard count < 0 else { return false }
    throw errno == EAGAIN ? Failure.timedOut : Failure.closed
  }
}

/// One response.
public struct HTTPAnswer: Sendable {
  public let status: Int
  public let headers: [(name: String, value: String)]
  public internal(set) var body: [UInt8] = []

  init(head: [UInt8]) throws {
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let statusLine = lines.first?.split(separator: " ") ?? []
    guard statusLine.count >= 2, let status = Int(statusLine[1]) else {
      throw HTTPConnection.Failure.malformed("status line")
    }
    self.status = status
    headers = lines.dropFirst().map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (String(line[..<colon]), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
    }
  }

  /// The value of a header field, by its name in any case.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object; empty when it is not one.
  public var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }

  /// `error.code` of Graph's error envelope.
  public var errorCode: String? { (json["error"] as? [String: Any])?["code"] as? String }
  /// `error.message` of Graph's error envelope.
  public var errorMessage: String? { (json["error"] as? [String: Any])?["message"] as? String }
}

/// Runs blocking work on a thread of its own, never on the cooperative thread pool.
public func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
  }
}

/// Sends requests to one server, each on a connection of its own.
public struct HTTPProbe: Sendable {
  public let port: Int

  /// A probe of a port on this machine.
  public init(port: Int) { self.port = port }

  /// Sends one request and reads its response.
  public func request(
    _ method: String, _ path: String, token: String? = nil, headers: [String: String] = [:], body: String? = nil
  ) async throws -> HTTPAnswer {
    let port = port
    return try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(HTTPProbe.text(method, path, token: token, headers: headers, body: body))
      return try connection.readAnswer(toHead: method == "HEAD")
    }
  }

  /// Sends one request with a body of any bytes and reads its response.
  public func send(
    _ method: String, _ path: String, token: String, headers: [String: String] = [:], bytes: [UInt8]
  ) async throws -> HTTPAnswer {
    let port = port
    return try await blocking {
      let connection = try HTTPConnection(port: port)
      let length = ["Content-Length": String(bytes.count)]
      try connection.send(HTTPProbe.text(method, path, token: token, headers: headers.merging(length) { $1 }))
      try connection.send(bytes)
      return try connection.readAnswer()
    }
  }

  /// The bytes of a request. A body is JSON unless a header field says otherwise.
  public static func text(
    _ method: String, _ path: String, token: String? = nil, headers: [String: String] = [:], body: String? = nil
  ) -> String {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    if let token { text += "Authorization: Bearer \(token)\r\n" }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    if let body {
      if headers["Content-Type"] == nil { text += "Content-Type: application/json\r\n" }
      text += "Content-Length: \(body.utf8.count)\r\n"
    }
    return text + "\r\n" + (body ?? "")
  }
}
