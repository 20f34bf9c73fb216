import Foundation
import OData
import Profiles
import Synchronization
import Testing

@testable import Images

/// The server's side of the process that decodes images, with scripts in place of that process.
@Suite("The process of an image")
struct PhotoProcessTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "facet-images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// A program that runs these lines.
  private func script(_ lines: String) throws -> String {
    let file = folder.appending(path: UUID().uuidString)
    try "#!/bin/sh\n\(lines)\n".write(to: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
    try waitForWriters(of: file.path)
    return file.path
  }

  /// Waits until nobody has a file open to write: a process that another test starts at this moment may have inherited that,
  /// and the file cannot be run meanwhile (ETXTBSY).
  private func waitForWriters(of path: String) throws {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    // A lease on reads is refused while there are writers (F_SETLEASE of fcntl(2)).
    while fcntl(descriptor, 1_024, F_RDLCK) != 0, errno == EAGAIN { usleep(1_000) }
  }

  private func refusal(_ executable: String, seconds: Int = 20, image: [UInt8] = [1, 2, 3]) -> PhotoRefusal? {
    if case .failure(let refusal) = PhotoProcess(executable: executable, seconds: seconds).encode(image) {
      refusal
    } else {
      nil
    }
  }

  private static func isUnavailable(_ refusal: PhotoRefusal?) -> Bool {
    if case .unavailable = refusal { true } else { false }
  }

  @Test("The status of the process says why it made no photo; whatever it cannot mean is no fault of the image")
  func statuses() throws {
    for (status, wanted) in [
      (65, PhotoRefusal.notAnImage), (66, .tooSmall), (67, .tooManyPixels), (68, .tooMuchWork),
    ] {
      let answer = refusal(try script("exit \(status)"))
      #expect(answer == wanted, "\(String(describing: answer))")
      #expect(
        refusal(try script("cat > /dev/null; exit \(status)"), image: [UInt8](repeating: 1, count: 4 << 20)) == wanted)
    }
    for lines in ["exit 0", "exit 1", "exit 127", "cat", "echo 0123456789"] {
      #expect(Self.isUnavailable(refusal(try script(lines))), "\(lines)")
    }
    #expect(Self.isUnavailable(refusal("/nowhere/facet")))
    #expect(refusal(try script("kill -SEGV $$")) == .notAnImage)
    #expect(refusal(try script("kill -KILL $$")) == .tooMuchWork)
  }

  @Test("A process that takes too long, answers too much or does not end is ended")
  func bounds() throws {
    for lines in [
      "exec sleep 60", "cat > /dev/null; exec sleep 60", "exec 0<&- 1>&-; exec sleep 60", "exec yes",
      "trap '' TERM HUP INT; exec sleep 60",
    ] {
      let start = ContinuousClock.now
      #expect(refusal(try script(lines), seconds: 1) == .tooMuchWork, "\(lines)")
      #expect(ContinuousClock.now - start < .seconds(20), "\(lines)")
    }
  }

  @Test("The process has no environment and no open file of the server")
  func inheritance() throws {
    let (files, names) = (folder.appending(path: "files"), folder.appending(path: "names"))
    let secret = folder.appending(path: "secret")
    try "secret".write(to: secret, atomically: true, encoding: .utf8)
    // The environment of the tests stays as it is: other threads read it.
    try #require(!ProcessInfo.processInfo.environment.isEmpty)
    let descriptor = open(secret.path, O_RDONLY)
    defer { close(descriptor) }
    try #require(descriptor > 2)
    _ = refusal(try script("ls -l /proc/$$/fd > '\(files.path)'; tr '\\0' '\\n' < /proc/$$/environ > '\(names.path)'"))
    let listed = try String(contentsOf: files, encoding: .utf8)
    #expect(listed.contains("socket:") && !listed.contains("secret"))
    #expect(try String(contentsOf: names, encoding: .utf8).isEmpty)
  }

  @Test("An image may have its bounds, and no more")
  func sizes() {
    let (least, most) = (PhotoSize.sides[0], Limits.photoPixelsMax)
    func fault(_ width: Int, _ height: Int) -> ImageFault? {
      do throws(ImageFault) {
        try ImageFault.check(width: width, height: height)
        return nil
      } catch {
        return error
      }
    }
    #expect(fault(least, least) == nil && fault(8_192, most / 8_192) == nil)
    #expect(fault(least - 1, least) == .tooSmall && fault(least, least - 1) == .tooSmall && fault(0, 0) == .tooSmall)
    #expect(fault(8_193, most / 8_192) == .tooManyPixels && fault(least, most / least + 1) == .tooManyPixels)
    #expect(fault(Int(UInt32.max), Int(UInt32.max)) == .tooManyPixels)
  }

  @Test("A caller has a bound, and so have all callers together; what waits is answered in the end")
  func queue() async throws {
    // A shell may need more than the usual time on a machine that runs all tests at once.
    let photos = PhotoProcesses(executable: try script("cat > /dev/null; sleep 0.2; exit 66"), seconds: 120)
    let answers = Answers()
    func send(_ id: String) throws {
      let caller = Caller(actor: .user(try #require(UserID(id))), tenant: .demo, permissions: [])
      photos.encode([1], for: caller) { answers.add($0) }
    }
    for _ in 0...Limits.photosPerCallerMax { try send("ann") }
    #expect(answers.count(of: .busy) == 1)
    let threads = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    for number in 0..<(Limits.photosWaitingMax + threads + 1) { try send("user \(number)") }
    // How many the threads have taken from the queue by now differs.
    let refused = answers.count(of: .busy)
    #expect((Limits.photosPerCallerMax...(Limits.photosPerCallerMax + threads + 2)).contains(refused), "\(refused)")
    let sent = Limits.photosPerCallerMax + 1 + Limits.photosWaitingMax + threads + 1
    while answers.count < sent { try await Task.sleep(for: .milliseconds(20)) }
    #expect(answers.count(of: .tooSmall) == sent - refused, "\(answers.text)")
    try send("ann")
    while answers.count == sent { try await Task.sleep(for: .milliseconds(20)) }
    #expect(answers.count(of: .tooSmall) == sent - refused + 1, "\(answers.text)")
  }

  /// The refusals so far.
  private final class Answers: Sendable {
    private let refusals = Mutex<[PhotoRefusal]>([])

    var count: Int { refusals.withLock { $0.count } }

    var text: String { refusals.withLock { "\($0)" } }

    func count(of refusal: PhotoRefusal) -> Int { refusals.withLock { $0.count { $0 == refusal } } }

    func add(_ result: Result<EncodedPhoto, PhotoRefusal>) {
      guard case .failure(let refusal) = result else { return }
      refusals.withLock { $0.append(refusal) }
    }
  }
}
