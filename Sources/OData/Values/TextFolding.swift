import CUTF8Proc

extension String {
  /// The string in the form in which it is compared without regard to case and to how characters are composed: two
  /// strings match when their folded forms are the same bytes.
  ///
  /// This is the canonical caseless match of the Unicode Standard (section 3.13, definition D145), followed by NFC:
  /// full case folding between two canonical decompositions, then composition. So `STRASSE` matches `Straße`, `Σ`
  /// matches `ς`, and `é` matches `e` with a combining accent. But `é` does not match `e`, and `①` does not match `1`:
  /// a compatibility match (D146) would equate strings that people keep apart. No language is assumed, so the Turkish
  /// `İ` folds to `i` with a dot above. Later versions of Unicode change the form only of strings that hold characters
  /// unassigned until then.
  ///
  /// Takes time linear in the string. ASCII without capital letters is returned as it is.
  public var folded: String {
    switch withBytes(RequiredFolding.init) {
    case .none: self
    case .ascii: lowercasedASCII
    case .unicode: TextFolding(self).text
    }
  }

  /// Whether the string is ASCII only.
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

/// How much folding a string needs.
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

/// Folds a string with utf8proc, scalar by scalar. The library's functions for whole strings sort combining marks in
/// time quadratic in their number, which a hostile string could exploit.
private struct TextFolding {
  let text: String

  init(_ text: String) {
    var scalars = text.unicodeScalars.map { Int32(bitPattern: $0.value) }
    // Only these fold differently when they are decomposed first (Unicode Standard section 3.13, notes on D145).
    if scalars.contains(where: Self.mayHoldIotaSubscript) { scalars = Self.decomposed(scalars, folding: false) }
    scalars = Self.decomposed(scalars, folding: true)
    self.text = Self.composed(&scalars)
  }

  /// Whether the scalar is the combining iota subscript, which folds to a letter of its own, or Greek that may
  /// decompose to it.
  private static func mayHoldIotaSubscript(_ scalar: Int32) -> Bool {
    scalar == 0x345 || (0x1F80...0x1FFF).contains(scalar)
  }

  /// The most scalars that one scalar decomposes to. The longest are Greek vowels with three marks.
  private static let expansionMax = 18

  /// The full decomposition of each scalar, with combining marks in canonical order.
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

  /// Sorts each run of combining marks by combining class, keeping the order within a class (the Canonical Ordering
  /// Algorithm, Unicode Standard section 3.11, D109).
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

  /// The first scalar with a combining class other than 0.
  private static let firstMark: Int32 = 0x300

  private static func combiningClass(_ scalar: Int32) -> UInt16 {
    guard scalar >= firstMark else { return 0 }
    return UInt16(utf8proc_get_property(scalar).pointee.combining_class)
  }

  /// The scalars composed to NFC.
  private static func composed(_ scalars: inout [Int32]) -> String {
    let options = utf8proc_option_t(rawValue: UTF8PROC_COMPOSE.rawValue | UTF8PROC_STABLE.rawValue)
    // utf8proc writes a terminating zero.
    let count = scalars.count
    scalars.append(0)
    return scalars.withUnsafeMutableBufferPointer { buffer in
      let length = utf8proc_reencode(buffer.baseAddress, count, options)
      precondition(length >= 0, "utf8proc cannot encode what it decomposed")
      return String(decoding: UnsafeRawBufferPointer(buffer).prefix(length), as: UTF8.self)
    }
  }
}
