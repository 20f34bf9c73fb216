import Fixtures
import OData
import Testing

@Suite("DateTimeOffset")
struct DateTimeOffsetTests {
  private func text(_ input: String) throws -> String { try DateTimeOffset(input.utf8).description }

  private func fault(_ input: String) -> DateTimeOffset.ParseError? {
    do throws(DateTimeOffset.ParseError) {
      _ = try DateTimeOffset(input.utf8)
      return nil
    } catch {
      return error
    }
  }

  @Test("The timestamps of the published page are written back unchanged")
  func publishedStamps() throws {
    for stamp in ["2020-07-06T06:34:12.2294868Z", "2020-07-08T06:34:12.2294868Z"] {
      #expect(try text(stamp) == stamp)
    }
  }

  @Test("Of a fraction of 0 to 12 digits seven are kept, and trailing zeros are dropped")
  func fractions() throws {
    let digits = "123456789012"
    for count in 1...12 {
      let kept = digits.prefix(min(count, 7))
      #expect(try text("2024-01-02T03:04:05.\(digits.prefix(count))Z") == "2024-01-02T03:04:05.\(kept)Z")
    }
    #expect(try text("2024-01-02T03:04:05Z") == "2024-01-02T03:04:05Z")
    #expect(try text("2024-01-02T03:04Z") == "2024-01-02T03:04:00Z")
    #expect(try text("2024-01-02T03:04:05.000Z") == "2024-01-02T03:04:05Z")
    #expect(try text("2024-01-02T03:04:05.1200Z") == "2024-01-02T03:04:05.12Z")
    #expect(try text("2024-01-02T03:04:05.0000001Z") == "2024-01-02T03:04:05.0000001Z")
    #expect(try text("2024-01-02T03:04:05.00000009Z") == "2024-01-02T03:04:05Z")
    #expect(try text("1985-04-12T00:59:59.999999999999999Z") == "1985-04-12T00:59:59.9999999Z")
    #expect(fault("2024-01-02T03:04:05.Z") == .malformed)
  }

  @Test("Every offset from -14:00 to +14:00 keeps the instant, and larger ones are refused")
  func offsets() throws {
    let noon = try DateTimeOffset("2024-02-29T12:00:00Z".utf8)
    for minutes in -900...900 {
      let size = abs(minutes)
      let offset = "\(minutes < 0 ? "-" : "+")\(size / 600)\(size / 60 % 10):\(size % 60 / 10)\(size % 10)"
      let input = "2024-02-29T12:00:00\(offset)"
      guard size <= 840 else {
        #expect(fault(input) == .malformed, "\(input)")
        continue
      }
      let read = try DateTimeOffset(input.utf8)
      #expect(read.ticks == noon.ticks - Int64(minutes) * 60 * DateTimeOffset.ticksPerSecond, "\(input)")
      #expect(try DateTimeOffset(read.utf8) == read)
    }
    #expect(try text("2024-01-01T01:00:00+01:00") == "2024-01-01T00:00:00Z")
    #expect(try text("2025-01-01T00:00:00.123456+00:00") == "2025-01-01T00:00:00.123456Z")
    #expect(try text("2024-02-28T23:30:00-00:30") == "2024-02-29T00:00:00Z")
  }

  @Test("The first and the last instant are read and written, and nothing beyond them is")
  func edges() throws {
    for edge in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"] { #expect(try text(edge) == edge) }
    #expect(try text("0001-01-01T14:00:00+14:00") == "0001-01-01T00:00:00Z")
    #expect(try text("9999-12-31T09:59:59-14:00") == "9999-12-31T23:59:59Z")
    #expect(fault("0001-01-01T13:59:59+14:00") == .malformed)
    #expect(fault("9999-12-31T10:00:00-14:00") == .malformed)
    #expect(DateTimeOffset(ticks: -1) == nil)
    #expect(DateTimeOffset(ticks: 3_652_059 * 86_400 * DateTimeOffset.ticksPerSecond) == nil)
  }

  @Test("Seconds since 1970 are clamped to the years 1 to 9999")
  func unixTime() {
    #expect(DateTimeOffset(unixSeconds: 0).description == "1970-01-01T00:00:00Z")
    #expect(
      DateTimeOffset(unixSeconds: 1_709_164_800, nanoseconds: 123_456_789).description
        == "2024-02-29T00:00:00.1234567Z")
    #expect(DateTimeOffset(unixSeconds: 1_709_164_800).unixSeconds == 1_709_164_800)
    for late in [Int64.max, 1 << 50, 253_402_300_800] {
      #expect(DateTimeOffset(unixSeconds: late).description.hasPrefix("9999-12-31T23:59:59"), "\(late)")
    }
    for early in [Int64.min, -(1 << 50), -62_135_596_801] {
      #expect(DateTimeOffset(unixSeconds: early).description == "0001-01-01T00:00:00Z", "\(early)")
    }
  }

  @Test("A time without an offset is told apart from text that is not a time")
  func missingOffset() {
    for naive in ["2024-01-02T03:04:05", "2024-01-02T03:04:05.123456", "2024-01-02T03:04"] {
      #expect(fault(naive) == .missingOffset, "\(naive)")
    }
    let malformed = [
      "", "2024-01-02", "2024-01-02 03:04:05Z", "2024-01-02T24:00:00Z", "2024-01-02T03:60:00Z", "2024-01-02T03:04:60Z",
      "2024-01-02T03:04:05Zx", "2024-01-02T03:04:05+1:00", "2024-01-02T03:04:05+0100", "2024-01-02T03:04:05+01:60",
      "2024-01-02T3:04:05Z", "2024-01-02T03:04:05,5Z", " 2024-01-02T03:04:05Z", "2024-02-30T00:00:00Z",
    ]
    for text in malformed { #expect(fault(text) == .malformed, "\(text)") }
  }

  @Test("Instants less than a millisecond apart are close; a full millisecond is too far")
  func closeness() throws {
    let stored = try DateTimeOffset("2020-07-06T06:34:12.2294868Z".utf8)
    #expect(stored.isClose(to: try DateTimeOffset("2020-07-06T06:34:12.229486Z".utf8)))
    #expect(stored.isClose(to: try DateTimeOffset("2020-07-06T06:34:12.2304867Z".utf8)))
    #expect(!stored.isClose(to: try DateTimeOffset("2020-07-06T06:34:12.2304868Z".utf8)))
    #expect(!stored.isClose(to: try DateTimeOffset("2020-07-06T06:34:12.2284868Z".utf8)))
  }

  @Test("Random instants read back as they were written")
  func randomInstants() throws {
    var generator = SeededGenerator.replayable("instants")
    for _ in 0..<20_000 {
      let ticks = Int64.random(in: 0..<(3_652_059 * 86_400 * DateTimeOffset.ticksPerSecond), using: &generator)
      let instant = try #require(DateTimeOffset(ticks: ticks))
      #expect(try DateTimeOffset(instant.utf8) == instant)
    }
  }
}
