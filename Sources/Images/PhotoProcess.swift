import CConfinement
import Dispatch
import OData
import Profiles

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One run of the process that decodes an image (`PhotoChild`), seen from the server. It blocks the calling thread.
struct PhotoProcess {
  /// The program: this one, even when its file was replaced by a newer version since.
  let executable: String
  /// Longest time that it may take.
  var seconds = Limits.photoSeconds

  /// Makes a photo of an image. What the process answers is not trusted: `EncodedPhoto` takes plain JPEG files of the
  /// expected sizes alone.
  func encode(_ image: [UInt8]) -> Result<EncodedPhoto, PhotoRefusal> {
    let deadline = DispatchTime.now() + .seconds(seconds)
    var ends: [Int32] = [-1, -1]
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return .failure(.unavailable(Self.reason("socketpair"))) }
    defer { close(ends[0]) }
    let started = spawn(ends[1])
    close(ends[1])
    guard case .success(let process) = started else { return started.flatMap { _ in .failure(.busy) } }
    let answer = exchange(image, over: ends[0], until: deadline)
    // A process that has not closed its output by now is not waited for.
    if answer == nil { kill(process, SIGKILL) }
    let status = wait(for: process, until: deadline)
    guard let answer else { return .failure(.tooMuchWork) }
    return Self.result(answer, status)
  }

  private static func reason(_ call: String) -> String { "\(call) failed: \(String(cString: strerror(errno)))." }

  // MARK: Starting

  /// Starts the process with one end of the pair as its input and output, no other file and no environment.
  private func spawn(_ end: Int32) -> Result<pid_t, PhotoRefusal> {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, end, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, end, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // The server ignores signals that must end this process.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    #if canImport(Glibc)
      add_closing(&actions, STDERR_FILENO + 1)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    #else
      posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_CLOEXEC_DEFAULT))
    #endif
    let words: [UnsafeMutablePointer<CChar>?] = [strdup(executable), strdup(PhotoChild.argument)]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var arguments = words + [nil]
    let error = posix_spawn(&process, executable, &actions, &attributes, &arguments, &environment)
    guard error == 0 else {
      return .failure(.unavailable("posix_spawn failed: \(String(cString: strerror(error)))."))
    }
    return .success(process)
  }

  // MARK: Talking

  /// Sends the image and reads the answer, at the same time, because each side may fill the buffers between them. Nil when
  /// that takes too long, or when the answer is longer than any may be.
  private func exchange(_ image: [UInt8], over end: Int32, until deadline: DispatchTime) -> [UInt8]? {
    var unsent = image[...]
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let rest = Self.milliseconds(until: deadline)
      guard rest > 0, answer.count <= Limits.photoAnswerBytesMax else { return nil }
      var request = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
      if !unsent.isEmpty { request.events |= Int16(POLLOUT) }
      guard poll(&request, 1, rest) > 0 else { continue }
      if request.revents & Int16(POLLOUT) != 0, !unsent.isEmpty {
        let sent = unsent.withUnsafeBytes { send(end, $0.baseAddress, $0.count, Self.sendFlags) }
        // A process that has refused the image reads no more of it.
        unsent = sent < 0 && errno != EINTR && errno != EAGAIN ? [] : unsent.dropFirst(max(sent, 0))
        if unsent.isEmpty { shutdown(end, Int32(SHUT_WR)) }
      }
      guard request.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { continue }
      let count = recv(end, &piece, piece.count, Self.receiveFlags)
      if count > 0 {
        answer += piece[..<count]
      } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
        return answer
      }
    }
  }

  /// Neither blocks: the time is kept by `poll`. Sending to a process that is gone must not end this one.
  #if canImport(Glibc)
    private static let sendFlags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    private static let receiveFlags = Int32(MSG_DONTWAIT)
  #else
    private static let sendFlags = MSG_DONTWAIT
    private static let receiveFlags = MSG_DONTWAIT
  #endif

  /// The time that is left, 0 when there is none.
  private static func milliseconds(until deadline: DispatchTime) -> Int32 {
    let now = DispatchTime.now()
    guard deadline > now else { return 0 }
    return Int32(clamping: (deadline.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000_000 + 1)
  }

  // MARK: Ending

  /// Waits for the end of the process, which is killed when the time is over, and returns its status.
  private func wait(for process: pid_t, until deadline: DispatchTime) -> Int32 {
    var status: Int32 = 0
    var pause: Int32 = 1
    while Self.milliseconds(until: deadline) > 0 {
      let ended = waitpid(process, &status, WNOHANG)
      if ended == process || (ended < 0 && errno != EINTR) { return status }
      poll(nil, 0, pause)
      pause = min(pause * 2, 50)
    }
    kill(process, SIGKILL)
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// What an answer and the status of its process mean.
  private static func result(_ answer: [UInt8], _ status: Int32) -> Result<EncodedPhoto, PhotoRefusal> {
    // As the macros of wait(2) read it: the signal in 7 bits, the status of an exit above 8.
    let (signal, exit) = (status & 0x7F, status >> 8 & 0xFF)
    guard signal == 0 else {
      return .failure(signal == SIGXCPU || signal == SIGKILL ? .tooMuchWork : .notAnImage)
    }
    guard exit == 0 else {
      let fault = ImageFault(rawValue: exit)
      return .failure(fault?.refusal ?? .unavailable("The process that decodes images ended with status \(exit)."))
    }
    guard let photo = sizes(answer).flatMap(EncodedPhoto.init) else {
      return .failure(.unavailable("The process that decodes images gave another answer than a photo."))
    }
    return .success(photo)
  }

  /// The sizes that `PhotoChild` has written; nil for other bytes.
  private static func sizes(_ answer: [UInt8]) -> [EncodedPhoto.Size]? {
    var sizes: [EncodedPhoto.Size] = []
    var rest = answer[...]
    while !rest.isEmpty {
      guard rest.count >= 6 else { return nil }
      let head = rest.prefix(6).map { Int($0) }
      let length = head[2] << 24 | head[3] << 16 | head[4] << 8 | head[5]
      rest = rest.dropFirst(6)
      guard rest.count >= length else { return nil }
      sizes.append(EncodedPhoto.Size(side: head[0] << 8 | head[1], jpeg: Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return sizes
  }
}
