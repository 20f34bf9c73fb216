import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The key files of the built-in authority: `key-0001.pem`, `key-0002.pem` and so on in one directory. The highest
/// number is the newest.
///
/// Other processes, such as `facet token`, sign with the same files.
struct KeyFiles: Sendable {
  /// Publishes a new key to all servers that share the keys, under a file name such as `key-0002.pem`. When another
  /// server was faster, its key is in the directory afterwards, and this one is dropped. Blocks.
  typealias Publish = @Sendable (_ name: String, _ bytes: [UInt8]) throws(KeyFileError) -> Void

  let directory: String
  private let publish: Publish?

  /// The files of `directory`; without `publish` only processes with the same directory share the keys.
  init(directory: String, publish: Publish? = nil) {
    self.directory = directory
    self.publish = publish
  }

  private static let prefix = "key-"
  private static let suffix = ".pem"

  private static func name(_ number: Int) -> String {
    let digits = String(number)
    return "\(prefix)\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)\(suffix)"
  }

  /// The numbers of the key files, lowest first. Other files are ignored. Blocks.
  private func numbers() throws(KeyFileError) -> [Int] {
    let numbers = try PrivateFiles.names(in: directory).compactMap { name -> Int? in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
        let number = Int(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)), number > 0
      else { return nil }
      return Self.name(number) == name ? number : nil
    }
    guard numbers.count <= Limits.keyFilesMax else { throw .tooMany(directory: directory) }
    return numbers.sorted()
  }

  /// The key files at one moment.
  struct Content: Sendable {
    /// Oldest first.
    var keys: [SigningKey] = []
    /// The number of the next key.
    var nextNumber = 1
  }

  /// The keys of all files. Throws `KeyFileError` when one cannot be read, or there are more than `Limits.keyFilesMax`.
  func read() async throws(KeyFileError) -> Content {
    let (files, last) = try await PrivateFiles.offPool { () throws(KeyFileError) in
      var files: [(path: String, text: String)] = []
      let numbers = try numbers()
      for number in numbers {
        let path = "\(directory)/\(Self.name(number))"
        let bytes = try PrivateFiles.read(path, bytesMax: Limits.keyFileBytesMax, isSecret: true)
        files.append((path, String(decoding: bytes, as: UTF8.self)))
      }
      return (files, numbers.last ?? 0)
    }
    var content = Content(nextNumber: last + 1)
    for file in files {
      guard let key = await SigningKey(pem: file.text) else { throw .broken(path: file.path) }
      content.keys.append(key)
    }
    return content
  }

  /// Makes the directory and checks that a key can be written to it; the key itself is made later. Blocks. Throws
  /// `KeyFileError` when it cannot.
  func prepareDirectory() throws(KeyFileError) {
    try PrivateFiles.makeDirectory(directory)
    let probe = "\(directory)/probe.\(getpid()).\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFiles.write([], to: probe, mode: 0o600, existing: .replace)
    unlink(probe)
  }

  /// Adds a new key under `number`, the `nextNumber` of the content that lacked a key: when another process has used
  /// that number since, its key is kept. Blocks. Throws `KeyFileError` when the key cannot be stored or published.
  func add(_ bytes: [UInt8], number: Int) throws(KeyFileError) {
    guard try numbers().count < Limits.keyFilesMax else { throw .tooMany(directory: directory) }
    let name = Self.name(number)
    if let publish { return try publish(name, bytes) }
    try PrivateFiles.write(bytes, to: "\(directory)/\(name)", mode: 0o600, existing: .keep)
  }
}
