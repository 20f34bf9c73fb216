import OData
import Testing

@testable import Profiles

/// What a query of people asks of indexes, and what it must not ask.
@Suite("Selections of people")
struct UserSelectionTests {
  private static func selection(_ query: String, _ permissions: Set<Permission> = [.userReadAll]) throws
    -> UserSelection
  {
    let options = try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
    let caller = Caller(actor: .application, tenant: .demo, permissions: permissions)
    return UserSelection(ListQuery(options, limit: 10), for: caller)
  }

  private static func person(_ members: String) throws -> StoredUser {
    let id = try #require(UserID("ann"))
    return StoredUser(
      id: id, tenant: .demo, principalName: nil, displayName: nil, version: .first,
      json: Array(#"{"id":"ann",\#(members)}"#.utf8))
  }

  @Test("Numbers of indexed properties are unique, and each names a property that the model may declare")
  func numbers() {
    let numbers = DirectoryIndex.properties.map(\.number)
    #expect(Set(numbers).count == numbers.count && numbers.allSatisfy { (1...DirectoryIndex.numberMax).contains($0) })
    #expect(DirectoryIndex.properties.contains { $0.name == "mail" && $0.isSorted })
    for group in SearchGroup.allCases {
      // A group has room beside its tokens, and does not reach the tag of elements.
      #expect((1..<0x7F).contains(group.rawValue))
    }
  }

  @Test(
    "What is answered from an index, and what is not",
    arguments: [
      ("$filter=mail eq 'a@b'", true), ("$filter=startswith(displayName,'a')", true), ("$filter=id eq 'a'", true),
      ("$filter=startswith(displayName,'')", false), ("$filter=displayName ne 'a'", false),
      ("$filter=not (displayName eq 'a')", false), ("$filter=displayName eq null", false),
      ("$filter=contains(mail,'abc')", true), ("$filter=contains(mail,'ab')", false),
      ("$filter=endswith(mail,'@b.example')", true), ("$filter=tolower(mail) eq 'abcd'", false),
      ("$filter=preferredLanguage eq 'de-CH'", true), ("$filter=preferredLanguage eq 'de'", false),
      ("$filter=mail eq 'a' or displayName ne 'b'", false), ("$filter=mail eq 'a' and displayName ne 'b'", true),
      ("$filter=mail in ('a','b')", true), ("$filter='abc' eq mail", true), ("$filter='b' lt mail", true),
      ("$filter=businessPhones/any(p:p eq '1')", true), ("$filter='1' in businessPhones", true),
      ("$filter=businessPhones/all(p:p eq '1')", false), ("$filter=businessPhones/any()", false),
      ("$search=abc", true), ("$search=ab", false), ("$search=NOT abc", false), ("$search=\"mail:abc\"", true),
      ("$search=abc OR x", false), ("$search=abc x", true),
    ])
  func conditions(query: String, isServed: Bool) throws {
    #expect((try Self.selection(query).condition != nil) == isServed, "\(query)")
  }

  @Test("People are sorted by one property of the table")
  func orders() throws {
    #expect(try Self.selection("$orderby=jobTitle desc").key?.isDescending == true)
    #expect(try Self.selection("$orderby=jobTitle,displayName").key?.property.name == "jobTitle")
    for order in ["officeLocation", "officeLocation,displayName", "length(displayName)", "id"] {
      #expect(try Self.selection("$orderby=\(order)").key == nil, "\(order)")
    }
  }

  @Test("Nothing is asked about a property that the caller does not see of everybody")
  func hidden() throws {
    let basic: Set<Permission> = [.userReadBasicAll]
    for query in [
      "$filter=jobTitle eq 'abc'", "$filter=contains(mobilePhone,'123')", "$filter=businessPhones/any(p:p eq '1')",
      "$search=\"jobTitle:abc\"", "$filter=mail eq 'a' or jobTitle eq 'abc'",
    ] {
      #expect(try Self.selection(query, basic).condition == nil, "\(query)")
    }
    #expect(try Self.selection("$orderby=jobTitle", basic) == UserSelection())
    // A search asks about the groups that they see.
    let person = try Self.person(#""displayName":"Ann","jobTitle":"Engineer""#)
    let entry = PersonIndexEntry(of: person)
    for (word, isFound) in [("ann", true), ("engineer", false)] {
      let condition = try #require(try Self.selection("$search=\(word)", basic).condition)
      #expect(condition.holds(for: person, entry) == isFound, "\(word)")
      let full = try #require(try Self.selection("$search=\(word)").condition)
      #expect(full.holds(for: person, entry), "\(word)")
    }
  }

  @Test("A text at the bounds of what indexes hold is found")
  func bounds() throws {
    let (short, long) = (String(repeating: "x", count: 128), String(repeating: "x", count: 200))
    for (name, prefix) in [(short, short), (long, short), (long, long), (long, String(repeating: "x", count: 127))] {
      let person = try Self.person("\"displayName\":\"\(name)\"")
      let condition = try #require(try Self.selection("$filter=startswith(displayName,'\(prefix)')").condition)
      #expect(condition.holds(for: person, PersonIndexEntry(of: person)))
    }
    let texts = [Limits.searchedTextBytesMax, Limits.searchedTextBytesMax + 1]
    for count in texts {
      let person = try Self.person("\"jobTitle\":\"\(String(repeating: "y", count: count - 3))abc\"")
      let entry = PersonIndexEntry(of: person)
      for word in ["abc", "yyya", String(repeating: "y", count: 100)] {
        let condition = try #require(try Self.selection("$filter=contains(jobTitle,'\(word)')").condition)
        #expect(condition.holds(for: person, entry), "\(count) \(word)")
      }
      #expect(entry.tokens.count < 10)
    }
  }

  @Test("Texts that are equal but for case and composition have the same keys and tokens")
  func folding() throws {
    let one = PersonIndexEntry(of: try Self.person(#""displayName":"STRASSE Zoe\u0308","businessPhones":["A"]"#))
    let other = PersonIndexEntry(of: try Self.person(#""displayName":"straße zoë","businessPhones":["a"]"#))
    #expect(one == other)
    #expect(PersonIndexEntry(of: try Self.person(#""displayName":5"#)).tokens.isEmpty)
  }

  @Test("What a write changes is the same, whether all that is kept of the person is compared or what differs alone")
  func changes() throws {
    let long = String(repeating: "z", count: Limits.searchedTextBytesMax + 1)
    let members = [
      #""displayName":"Ann Popov","mail":"ann@contoso.example""#, #""displayName":"Ann Popova","jobTitle":"Nurse""#,
      #""mail":"popov@contoso.example","jobTitle":"Nurse","otherMails":["a@b.example","popov@contoso.example"]"#,
      #""otherMails":["A@b.example"],"proxyAddresses":["smtp:a@b.example"],"givenName":"Ann""#,
      #""proxyAddresses":["smtp:a@b.example","SMTP:c@d.example"],"businessPhones":["+7 499 5550100"]"#,
      #""jobTitle":"\#(long)","displayName":5"#, #""jobTitle":"\#(long)","department":"Nurse""#,
      #""accountEnabled":false"#,
    ]
    for (before, after) in members.flatMap({ one in members.map { (one, $0) } }) {
      let (old, new) = (try Self.person(before), try Self.person(after))
      let (first, second) = (PersonIndexEntry(of: old), PersonIndexEntry(of: new))
      let (removed, added) = PersonIndexEntry.difference(from: old, to: new)
      for (one, other, part) in [(first, second, removed), (second, first, added)] {
        #expect(Set(part.tokens) == Set(one.tokens).subtracting(other.tokens))
        #expect(Set(part.keys) == Set(one.keys).subtracting(other.keys))
        #expect(part.tokens == part.tokens.sorted() && Set(part.tokens).count == part.tokens.count)
      }
      #expect((removed.isEmpty && added.isEmpty) == (first == second))
    }
  }
}
