/// An input: a letter that says where to cut the connection in two, then the bytes of the connection. Placeholders in
/// braces, such as `{token}`, stand for text that an input could not hold; each counts as one byte when bytes arrive
/// one by one.
struct Script {
  /// The bytes that the client sends; `ends` holds the end of each unit.
  let bytes: [UInt8]
  private let ends: [Int]
  /// The offset of the cut.
  private let cut: Int

  /// Parses an input; nil when it is empty. `words` gives the text for each placeholder.
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

  /// How the bytes are split on arrival.
  enum Segmentation: String, CaseIterable {
    /// All at once.
    case whole
    /// One by one.
    case single
    /// In two parts.
    case cut
    /// All at once, from a client that reads nothing until it has sent everything.
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
