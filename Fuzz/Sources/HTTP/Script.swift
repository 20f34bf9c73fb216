/// An input: a letter that says where the connection is cut in two, then the bytes of one connection. Words in braces
/// stand for what an input could not hold, such as `{token}`; each counts as one byte where bytes come one by one.
struct Script {
  /// What the client sends, and where each unit of it ends.
  let bytes: [UInt8]
  private let ends: [Int]
  /// Where the connection is cut.
  private let cut: Int

  /// Takes an input apart; nil when it is empty. `words` gives what stands for the name in braces.
  init?(_ input: UnsafeBufferPointer<UInt8>, words: [(name: [UInt8], bytes: [UInt8])]) {
    guard let letter = input.first else { return nil }
    var rest = input.dropFirst()
    var (bytes, ends): ([UInt8], [Int]) = ([], [])
    while let byte = rest.first {
      if byte == UInt8(ascii: "{"), let word = words.first(where: { rest.starts(with: $0.name) }) {
        bytes += word.bytes
        rest = rest.dropFirst(word.name.count)
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
      ends.append(bytes.count)
    }
    self.bytes = bytes
    self.ends = ends
    cut = ends.isEmpty ? 0 : ends[Int(letter & 0x3F) * ends.count / 64]
  }

  /// A way in which the bytes arrive.
  enum Segmentation: String, CaseIterable {
    /// All at once.
    case whole
    /// One by one.
    case single
    /// In two parts.
    case cut
    /// All at once, from a client that takes nothing before it has sent everything.
    case unread
  }

  /// The parts in which the bytes arrive.
  func parts(_ segmentation: Segmentation) -> [ArraySlice<UInt8>] {
    switch segmentation {
    case .whole, .unread: return [bytes[...]]
    case .single: return zip([0] + ends, ends).map { bytes[$0..<$1] }
    case .cut: return [bytes[..<cut], bytes[cut...]]
    }
  }
}
