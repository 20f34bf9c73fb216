import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files of the built-in authority's keys: `key-0001.pem`, `key-0002.pem` and so on in one directory. The highest number
/// is the newest.
///
/// Other processes, such as `facet token`, sign with the same files.
struct KeyFiles: Sendable {
  /// Puts the bytes of a new key where all find it that share the keys, under a name such as `key-0002.pem`. When another was
  /// faster, that one's key is there afterwards, and this one is forgotten. Blocks.
  typealias Placing = @Sendable (_ name: String, _ bytes: [UInt8]) throws(KeyFileError) -> Void

  let directory: String
  private let place: Placing?

  /// The files of a directory; without `place`, nobody shares the keys but processes with the same directory.
  init(directory: String, place: Placing? = nil) {
    self.directory = directory
    self.place = place
  }

  private static let prefix = "key-"
  private static let suffix = ".pem"

  private static func name(_ number: Int) -> String {
    let digits = String(number)
    return "\(prefix)\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)\(suffix)"
  }

  /// The numbers of the key files, lowest first. Other files are left alone. Blocks.
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

  /// What was found in one look at the directory.
  struct Content: Sendable {
    /// Oldest first.
    var keys: [SigningKey] = []
    /// The number of a key that is newer than these.
    var nextNumber = 1
  }

  /// The keys of all files.
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

  /// Makes the directory, and finds out whether a key could be written to it: the key itself is made later. Blocks.
  func prepareDirectory() throws(KeyFileError) {
    try PrivateFiles.makeDirectory(directory)
    let probe = "\(directory)/probe.\(getpid()).\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFiles.write([], to: probe, mode: 0o600, placement: .replacing)
    unlink(probe)
  }

  /// Gives a new key its number, which must be from the look at the directory that found the key missing: when another
  /// process has given it since, that one's key is kept. Blocks.
  func add(_ bytes: [UInt8], number: Int) throws(KeyFileError) {
    guard try numbers().count < Limits.keyFilesMax else { throw .tooMany(directory: directory) }
    let name = Self.name(number)
    if let place { return try place(name, bytes) }
    try PrivateFiles.write(bytes, to: "\(directory)/\(name)", mode: 0o600, placement: .exclusive)
  }
}
