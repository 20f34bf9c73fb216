import CUTF8Proc

extension String {
  /// The text as it is compared where neither case nor the way a character is composed may matter: two texts are the
  /// same to people if these forms are the same bytes.
  ///
  /// Full case folding of the canonical decomposition, composed again: the canonical caseless match of Unicode (chapter
  /// 3, D145), in NFC. So `STRASSE` is `Straße`, `Σ` is `ς`, and `é` is `e` with an accent behind it. But `é` is not `e`,
  /// and `①` is not `1`: compatibility folding (D146) would make one of texts that people keep apart. No language is
  /// assumed, so that the Turkish `İ` is `i` with a dot above. A form does not change with later versions of Unicode
  /// unless it holds characters that were not assigned before.
  ///
  /// Takes time linear in the text. Text in ASCII that has no capital letters is returned as it is.
  public var folded: String {
    switch withBytes(RequiredFolding.init) {
    case .none: self
    case .ascii: lowercasedASCII
    case .unicode: TextFolding(self).text
    }
  }

  /// Whether every character is one of ASCII.
  public var isASCII: Bool { withBytes { !$0.holdsAny { $0 >= 0x80 } } }

  private var lowercasedASCII: String {
    String(unsafeUninitializedCapacity: utf8.count) { target in
      withBytes { source in
        for (index, byte) in source.enumerated() {
          target[index] = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        return source.count
      }
    }
  }
}

/// What there is to do to fold a text.
private enum RequiredFolding {
  case none, ascii, unicode

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var isBeyondASCII: UInt8 = 0
    var hasCapitals = false
    for byte in bytes {
      isBeyondASCII |= byte
      hasCapitals = hasCapitals || (byte &- UInt8(ascii: "A")) < 26
    }
    self = isBeyondASCII >= 0x80 ? .unicode : hasCapitals ? .ascii : .none
  }
}

/// Folds a text by utf8proc, scalar by scalar: its own functions for whole texts sort marks in time quadratic in their
/// number, which a hostile text could use.
private struct TextFolding {
  let text: String

  init(_ text: String) {
    var scalars = text.unicodeScalars.map { Int32(bitPattern: $0.value) }
    // Everything else folds the same whether it is decomposed before or not (Unicode, the notes on D145).
    if scalars.contains(where: Self.mayHoldIotaSubscript) { scalars = Self.decomposed(scalars, folding: false) }
    scalars = Self.decomposed(scalars, folding: true)
    self.text = Self.composed(&scalars)
  }

  /// The iota that stands below a vowel and folds to a letter of its own, or Greek that may be composed of it.
  private static func mayHoldIotaSubscript(_ scalar: Int32) -> Bool {
    scalar == 0x345 || (0x1F80...0x1FFF).contains(scalar)
  }

  /// Most scalars that one is decomposed to; the longest are Greek vowels with three marks.
  private static let expansionMax = 18

  /// Each scalar in its full decomposition, with marks in their canonical order.
  private static func decomposed(_ scalars: [Int32], folding: Bool) -> [Int32] {
    let options = utf8proc_option_t(
      rawValue: UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_STABLE.rawValue
        | (folding ? UTF8PROC_CASEFOLD.rawValue : 0))
    var result: [Int32] = []
    result.reserveCapacity(scalars.count + expansionMax)
    var hasMarks = false
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: expansionMax) { piece in
      for scalar in scalars {
        let count = utf8proc_decompose_char(scalar, piece.baseAddress, expansionMax, options, nil)
        precondition(count >= 0 && count <= expansionMax, "utf8proc does not know a scalar of Unicode")
        for index in 0..<count {
          hasMarks = hasMarks || piece[index] >= firstMark
          result.append(piece[index])
        }
      }
    }
    if hasMarks { sortMarks(&result) }
    return result
  }

  /// Puts each run of combining marks into the order of their classes; marks of one class stay in theirs (Unicode D109).
  private static func sortMarks(_ scalars: inout [Int32]) {
    var start = 0
    while start < scalars.count {
      guard combiningClass(scalars[start]) > 0 else {
        start += 1
        continue
      }
      let end = scalars[start...].firstIndex { combiningClass($0) == 0 } ?? scalars.count
      if end - start > 1 { sort(&scalars, start..<end) }
      start = end
    }
  }

  private static func sort(_ scalars: inout [Int32], _ run: Range<Int>) {
    let keyed = run.map { (order: UInt64(combiningClass(scalars[$0])) << 32 | UInt64($0), scalar: scalars[$0]) }
    scalars.replaceSubrange(run, with: keyed.sorted { $0.order < $1.order }.map(\.scalar))
  }

  /// No scalar before this one is a combining mark.
  private static let firstMark: Int32 = 0x300

  private static func combiningClass(_ scalar: Int32) -> UInt16 {
    guard scalar >= firstMark else { return 0 }
    return UInt16(utf8proc_get_property(scalar).pointee.combining_class)
  }

  /// The text in NFC.
  private static func composed(_ scalars: inout [Int32]) -> String {
    let options = utf8proc_option_t(rawValue: UTF8PROC_COMPOSE.rawValue | UTF8PROC_STABLE.rawValue)
    // utf8proc writes a zero behind the text.
    let count = scalars.count
    scalars.append(0)
    return scalars.withUnsafeMutableBufferPointer { buffer in
      let length = utf8proc_reencode(buffer.baseAddress, count, options)
      precondition(length >= 0, "utf8proc cannot encode what it decomposed")
      return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
    }
  }
}
