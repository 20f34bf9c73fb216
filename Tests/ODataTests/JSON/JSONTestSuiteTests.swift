import Fixtures
import Foundation
import OData
import Testing

/// Every case of nst/JSONTestSuite `test_parsing`.
@Suite("JSONTestSuite")
struct JSONTestSuiteTests {
  /// The outcome of each case that RFC 8259 leaves open.
  private static let openCases: [String: Bool] = [
    // RFC 8259 does not bound numbers; the type that reads one does.
    "i_number_double_huge_neg_exp": true, "i_number_huge_exp": true, "i_number_neg_int_huge_exp": true,
    "i_number_pos_double_huge_exp": true, "i_number_real_neg_overflow": true, "i_number_real_pos_overflow": true,
    "i_number_real_underflow": true, "i_number_too_big_neg_int": true, "i_number_too_big_pos_int": true,
    "i_number_very_big_negative_int": true,
    // A lone surrogate is no character, so it could not be written back as UTF-8.
    "i_object_key_lone_2nd_surrogate": false, "i_string_1st_surrogate_but_2nd_missing": false,
    "i_string_1st_valid_surrogate_2nd_invalid": false, "i_string_incomplete_surrogate_and_escape_valid": false,
    "i_string_incomplete_surrogate_pair": false, "i_string_incomplete_surrogates_escape_valid": false,
    "i_string_invalid_lonely_surrogate": false, "i_string_invalid_surrogate": false,
    "i_string_inverted_surrogates_U+1D11E": false, "i_string_lone_second_surrogate": false,
    // Not UTF-8.
    "i_string_UTF-16LE_with_BOM": false, "i_string_UTF-8_invalid_sequence": false,
    "i_string_UTF8_surrogate_U+D800": false, "i_string_invalid_utf-8": false, "i_string_iso_latin_1": false,
    "i_string_lone_utf8_continuation_byte": false, "i_string_not_in_unicode_range": false,
    "i_string_overlong_sequence_2_bytes": false, "i_string_overlong_sequence_6_bytes": false,
    "i_string_overlong_sequence_6_bytes_null": false, "i_string_truncated-utf-8": false,
    "i_string_utf16BE_no_BOM": false, "i_string_utf16LE_no_BOM": false,
    // Deeper than the bound.
    "i_structure_500_nested_arrays": false,
    // RFC 8259 section 8.1: a byte order mark must not be added.
    "i_structure_UTF-8_BOM_empty_object": false,
  ]

  private static let duplicates: Set = ["y_object_duplicated_key", "y_object_duplicated_key_and_value"]
  private static let commas: Set = [
    "n_array_extra_comma", "n_array_number_and_comma", "n_object_trailing_comma",
  ]

  private static func cases() throws -> [String: JSONText]? {
    guard let folder = try SharedFolder.url("odata/suites/JSONTestSuite/test_parsing") else { return nil }
    var cases: [String: JSONText] = [:]
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "json" {
      cases[file.deletingPathExtension().lastPathComponent] = JSONText(Array(try Data(contentsOf: file)))
    }
    return cases
  }

  @Test("Every case of the suite has its stated outcome in both dialects")
  func outcomes() throws {
    guard let cases = try Self.cases() else { return }
    #expect(cases.count > 300)
    let changedSides: [(JSONReader.Dialect, Set<String>)] = [(.strict, []), (.graph, Self.commas)]
    for (dialect, changedSides) in changedSides {
      let refused = Set(cases.filter { $0.key.hasPrefix("y_") && !$0.value.isAccepted(dialect) }.keys)
      let accepted = Set(cases.filter { $0.key.hasPrefix("n_") && $0.value.isAccepted(dialect) }.keys)
      #expect(refused == Self.duplicates, "\(dialect)")
      #expect(accepted == changedSides, "\(dialect)")
      for (name, text) in cases where name.hasPrefix("i_") {
        let expected = Self.openCases[name]
        #expect(text.isAccepted(dialect) == expected, "\(name) in \(dialect)")
      }
    }
    #expect(cases.keys.filter { $0.hasPrefix("i_") }.count == Self.openCases.count)
    #expect(cases.keys.filter { $0.hasPrefix("y_") }.count == 95)
    #expect(cases.keys.filter { $0.hasPrefix("n_") }.count == 188)
  }

  @Test("A duplicate member is refused as a duplicate")
  func duplicateFaults() throws {
    guard let cases = try Self.cases() else { return }
    for name in Self.duplicates {
      let text = try #require(cases[name])
      #expect(text.fault(.strict)?.kind == .duplicateMember)
      #expect(text.fault(.graph)?.kind == .duplicateMember)
    }
  }

  @Test("100,000 opening brackets are refused at the depth bound")
  func openingBrackets() throws {
    let text = JSONText(Array(repeating: UInt8(ascii: "["), count: 100_000))
    #expect(text.fault(.graph) == JSONError(.tooDeep, at: Limits.jsonDepthMax))
    guard let cases = try Self.cases() else { return }
    let suite = try #require(cases["n_structure_100000_opening_arrays"])
    #expect(suite.fault(.strict)?.kind == .tooDeep)
  }

  @Test("What the reader copies means the same to Foundation as the original")
  func copies() throws {
    guard let cases = try Self.cases() else { return }
    var compared = 0
    for (name, text) in cases where name.hasPrefix("y_") && !Self.duplicates.contains(name) {
      let copy = try text.canonical()
      let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
      let original = try JSONSerialization.jsonObject(with: Data(text.bytes), options: options)
      let copied = try JSONSerialization.jsonObject(with: Data(copy), options: options)
      #expect((original as? NSObject) == (copied as? NSObject), "\(name)")
      #expect(try JSONText(copy).canonical() == copy, "\(name)")
      compared += 1
    }
    #expect(compared == 93)
  }
}
