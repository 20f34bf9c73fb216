import OData
import Testing

@testable import Profiles

@Suite("The stored form of photos")
struct PersonPhotoTests {
  private static let environment = ServiceEnvironment(now: { People.now }, makeID: { .random() })
  private static let reader = ImportLineReader(defaultTenant: .demo, environment: environment)

  private static func item(audience: Audience = .organization) -> StoredItem {
    PersonPhoto.item(
      of: People.innocenty, SamplePhoto.photo(), for: audience, created: People.now, version: .first)
  }

  @Test("A photo is read in every size, and in the next smaller one of a size that there is not")
  func reading() {
    let content = PhotoContent(Self.item().json)
    #expect(content.sides == [48, 64, 96])
    for (wanted, found) in [(48, 48), (63, 48), (64, 64), (95, 64), (96, 96), (648, 96), (Int.max, 96)] {
      #expect(content.jpeg(atMost: wanted) == SamplePhoto.jpeg(found), "\(wanted)")
    }
    #expect(content.jpeg(atMost: 47) == nil)
  }

  @Test("Damaged JSON gives no photo, and the check finds it")
  func damaged() {
    let item = Self.item()
    #expect(PersonPhoto.fault(item) == nil)
    let text = item.text
    for damaged in [
      "", "{}", "[]", #"{"id":"photo"}"#, String(text.dropLast()), text + " x",
      text.replacing("\"48\"", with: "\"49\""), text.replacing("\"64\"", with: "\"48\""),
      text.replacing("sizes", with: "other"), text.replacing("\"photo\"", with: "\"other\""),
      text.replacing("organization", with: "me"), text.replacing("2027", with: "2028"),
      text.replacing("/9j", with: "/9k"), text.replacing("/9j", with: "/9?"),
    ] {
      #expect(damaged != text)
      let changed = StoredItem(
        key: item.key, version: item.version, audience: item.audience, created: item.created,
        json: Array(damaged.utf8), collapsible: nil)
      #expect(PersonPhoto.fault(changed) != nil, "\(damaged.prefix(80))")
    }
    for json in [
      "", "{}", #"{"sizes":{}}"#, #"{"sizes":[]}"#, #"{"sizes":{"48":1}}"#, #"{"sizes":{"48":"a"},"sizes":{}}"#,
    ] {
      #expect(PhotoContent(Array(json.utf8)).sides.isEmpty, "\(json)")
      #expect(PhotoContent(Array(json.utf8)).jpeg(atMost: 648) == nil, "\(json)")
    }
  }

  @Test("What is exported is imported as it was")
  func transfer() throws {
    let person = ImportLine.item(Self.item(audience: [.family, .organization]))
    guard case .item(let item) = try Self.reader.line(person.line) else {
      Issue.record("The photo of a person is an item")
      return
    }
    #expect(ImportLine.item(item).line == person.line && item.audience == [.family, .organization])
    let group = People.known(GroupID("team"))
    let photo = StoredGroupPhoto(group: group, version: .first, SamplePhoto.photo())
    #expect(photo.fault == nil)
    let line = ImportLine.groupPhoto(photo).line
    #expect(try Self.reader.line(line) == .groupPhoto(photo.with(.unwritten)))
    #expect(String(decoding: line, as: UTF8.self).hasPrefix(#"{"groupId":"team","photo":{"sizes":{"48":""#))
  }

  @Test("A line without audience and time has the default ones; the tenant's own policy does not apply")
  func defaults() throws {
    let sizes = String(decoding: SamplePhoto.photo().json, as: UTF8.self)
    let line = #"{"userId":"ann","collection":"photo","item":{"sizes":\#(sizes)}}"#
    guard case .item(let item) = try Self.reader.line(Array(line.utf8)) else {
      Issue.record("The photo of a person is an item")
      return
    }
    #expect(item.audience == .organization && item.created == People.now && PersonPhoto.fault(item) == nil)
  }

  @Test("An image with notes, of another size, or of another format is not imported")
  func hostileLines() {
    let canary = SamplePhoto.segment(0xE1, Array("Exif\0\0 N 59.437".utf8))
    let noted = [0xFF, 0xD8] + canary + SamplePhoto.jpeg(48).dropFirst(2)
    let files: [[UInt8]] = [noted, SamplePhoto.jpeg(64), Array("<script>".utf8), []]
    for file in files {
      let text = String(decoding: Base64.encode(file), as: UTF8.self)
      for line in [
        #"{"userId":"ann","collection":"photo","item":{"sizes":{"48":"\#(text)"}}}"#,
        #"{"groupId":"team","photo":{"sizes":{"48":"\#(text)"}}}"#,
      ] {
        #expect(throws: ImportLineError.malformedPhoto) { try Self.reader.line(Array(line.utf8)) }
      }
    }
    let sizes = String(decoding: SamplePhoto.photo().json, as: UTF8.self)
    let unknown = #"{"userId":"ann","collection":"photo","item":{"sizes":\#(sizes),"html":"x"}}"#
    #expect(throws: ImportLineError.malformedPhoto) { try Self.reader.line(Array(unknown.utf8)) }
    let wrong = #"{"groupId":"team","userId":"ann","photo":{"sizes":\#(sizes)}}"#
    #expect(throws: ImportLineError.wrongShape) { try Self.reader.line(Array(wrong.utf8)) }
  }

  @Test("The longest photo fits a line of an import, and a person has room for it")
  func bounds() {
    let files = PhotoSize.sides.reduce(0) { $0 + $1 * $1 * Limits.photoBytesPerPixelMax }
    #expect(files / 3 * 4 + 1_024 < Limits.importLineBytesMax)
    #expect(files / 3 * 4 + 1_024 < Limits.personBytesMax)
  }

  @Test("A policy knows photos by their name, in any case")
  func policy() {
    #expect(TenantPolicy.collection(named: "Photo") == "photo")
    #expect(TenantPolicy.collection(named: "accounts") == "account")
    #expect(TenantPolicy.collection(named: "photos") == nil)
    #expect(TenantPolicy(audienceMasks: ["photo": .organization]).namesExistOnly)
    #expect(!TenantPolicy(audienceMasks: ["picture": .organization]).namesExistOnly)
  }
}
