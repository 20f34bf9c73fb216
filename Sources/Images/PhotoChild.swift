import CConfinement
import OData
import Profiles

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The process in which one image is decoded: it has no environment, no open files but its input and output, and no secret
/// in its memory.
public enum PhotoChild {
  /// The argument with which the program is that process and nothing else. No command of a user has this name.
  public static let argument = "encode-photo"

  /// Reads an image from standard input, writes the sizes of its photo to standard output, and ends the process. Each size is
  /// its side in two bytes, the length of its file in four, most significant first, and the file.
  public static func run() -> Never {
    confine()
    do throws(ImageFault) {
      let (file, count) = try readImage()
      for size in try PhotoMaker.sizes(of: UnsafeBufferPointer(start: file, count: count)) { try write(size) }
      _exit(0)
    } catch {
      _exit(error.rawValue)
    }
  }

  /// Gives up everything that decoding does not need. What the system does not offer is left out: each of these is one wall
  /// behind another.
  private static func confine() {
    limit(RLIMIT_CPU, Limits.photoSeconds)
    limit(RLIMIT_AS, Limits.photoMemoryBytes)
    limit(RLIMIT_CORE, 0)
    limit(RLIMIT_FSIZE, 0)
    // Nothing can be opened any more, not even a connection.
    limit(RLIMIT_NOFILE, 0)
    _ = confine_to_computing()
  }

  #if canImport(Glibc)
    private static func limit(_ resource: __rlimit_resource, _ value: Int) {
      var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
      _ = setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
  #else
    private static func limit(_ resource: Int32, _ value: Int) {
      var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
      _ = setrlimit(resource, &limit)
    }
  #endif

  private static func readImage() throws(ImageFault) -> (UnsafeMutablePointer<UInt8>, Int) {
    let room = Limits.photoImageBytesMax + 1
    guard let memory = malloc(room)?.assumingMemoryBound(to: UInt8.self) else { throw .outOfMemory }
    var count = 0
    while count < room {
      let read = Self.read(memory + count, room - count)
      guard read > 0 else { break }
      count += read
    }
    guard count > 0, count <= Limits.photoImageBytesMax else { throw .notAnImage }
    return (memory, count)
  }

  private static func read(_ memory: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    while true {
      #if canImport(Glibc)
        let read = Glibc.read(STDIN_FILENO, memory, count)
      #else
        let read = Darwin.read(STDIN_FILENO, memory, count)
      #endif
      if read >= 0 || errno != EINTR { return read }
    }
  }

  private static func write(_ size: EncodedPhoto.Size) throws(ImageFault) {
    let (side, length) = (size.side, size.jpeg.count)
    let head = [side >> 8, side, length >> 24, length >> 16, length >> 8, length].map { UInt8(truncatingIfNeeded: $0) }
    try write(head + size.jpeg)
  }

  private static func write(_ bytes: [UInt8]) throws(ImageFault) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        #else
          Darwin.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        #endif
      }
      guard written > 0 || errno == EINTR else { throw .outOfMemory }
      rest = rest.dropFirst(max(written, 0))
    }
  }
}
