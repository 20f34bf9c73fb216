import OData
import Testing

@Suite("ResourcePath")
struct ResourcePathTests {
  /// A path as one line: version, root, key, steps.
  private func outline(_ text: String, _ model: EntityModel = TestModel.model) throws -> String {
    let path = try ResourcePath(Array(text.utf8), model: model)
    let steps = path.steps.map { step in
      switch step {
      case .navigation(let property): property.name
      case .key(let key): "(\(key.name.map { $0 + "=" } ?? "")\(key.value))"
      case .system(let name): name
      case .property(let property): "." + property.name
      case .cast(let type): "<\(type.name)>"
      case .action(let action): "!\(action.name)"
      }
    }
    let key = path.key.map { "(\($0.name.map { $0 + "=" } ?? "")\($0.value))" } ?? ""
    return ([path.version.rawValue, path.root.name + key] + steps).joined(separator: " ")
  }

  private func fault(_ text: String) -> PathError? { fault(Array(text.utf8)) }

  private func fault(_ bytes: [UInt8]) -> PathError? {
    do throws(PathError) {
      _ = try ResourcePath(bytes, model: TestModel.model)
      return nil
    } catch {
      return error
    }
  }

  @Test("All spellings of a path name the same resource")
  func forms() throws {
    let expected = "beta users(a@b.c) profile phones (k)"
    let forms = [
      "/beta/users/a@b.c/profile/phones/k", "/beta//users//a%40b.c///profile/phones/k/",
      "beta/user/a@b.c/profile/phones/k",
      "/BETA/USERS/a@b.c/Profile/PHONES/k", "/beta/users('a@b.c')/profile/phones('k')",
      "/beta/users(%27a%40b.c%27)/profile/phones%28'k'%29", "/beta/User('a%40b.c')/profile/Telephones/k",
      "/b%65ta/us%65rs/a%40b%2Ec/profile/phones/%6B".replacing("b%65ta", with: "beta"),
    ]
    for form in forms { #expect(try outline(form) == expected, "\(form)") }
    #expect(try outline("/beta/me/profile/phones") == "beta me profile phones")
    #expect(try outline("/v1.0/me/profile") == "v1.0 me profile")
    #expect(try outline("/V1.0/users/x") == "v1.0 users(x)")
  }

  @Test("Keys are decoded once, after the path is split, and keep their case")
  func keys() throws {
    #expect(try outline("/beta/me/profile/phones/a%2Fb") == "beta me profile phones (a/b)")
    #expect(try outline("/beta/me/profile/phones('a%2Fb')") == "beta me profile phones (a/b)")
    #expect(try outline("/beta/me/profile/phones/a%252Fb") == "beta me profile phones (a%2Fb)")
    #expect(try outline("/beta/me/profile/phones/KeY") == "beta me profile phones (KeY)")
    #expect(try outline("/beta/me/profile/phones('o''neil')") == "beta me profile phones (o'neil)")
    #expect(try outline("/beta/me/profile/phones/o''neil") == "beta me profile phones (o''neil)")
    #expect(try outline("/beta/me/profile/phones('''')") == "beta me profile phones (')")
    #expect(try outline("/beta/me/profile/phones(id='k')") == "beta me profile phones (id=k)")
    #expect(try outline("/beta/users(mail='a=b')") == "beta users(mail=a=b)")
    #expect(try outline("/beta/users('a=b')") == "beta users(a=b)")
    #expect(try outline("/beta/users('(x)')") == "beta users((x))")
    #expect(try outline("/beta/users/a(b)") == "beta users(a(b))")
    #expect(try outline("/beta/users/me-token-to-replace") == "beta users(me-token-to-replace)")
  }

  @Test("A quote delimits a key even when the next character combines with it")
  func joiningCharacters() throws {
    let combining = try ResourcePath(Array("/beta/users('\u{301}x')".utf8), model: TestModel.model)
    #expect(combining.key?.value.utf8.elementsEqual("\u{301}x".utf8) == true)
    let prepended = try ResourcePath(Array("/beta/users('x\u{600}')".utf8), model: TestModel.model)
    #expect(prepended.key?.value.utf8.elementsEqual("x\u{600}".utf8) == true)
  }

  @Test("System segments are accepted where OData allows them")
  func systemSegments() throws {
    #expect(try outline("/beta/me/profile/phones/$count") == "beta me profile phones $count")
    #expect(try outline("/beta/users/$count") == "beta users $count")
    #expect(try outline("/beta/me/displayName/$value") == "beta me .displayName $value")
    #expect(try outline("/beta/me/$ref") == "beta me $ref")
    #expect(fault("/beta/users/$count/displayName") == .unknownSegment("displayName"))
    #expect(fault("/beta/me/profile/phones/$count('x')") == .malformedKey(segment: "$count"))
  }

  @Test(
    "System segments are read in any case; one that is not supported is told apart from one that does not exist")
  func knownSystemSegments() throws {
    #expect(try outline("/beta/users/$COUNT") == "beta users $count")
    #expect(try outline("/beta/me/displayName/%24Value") == "beta me .displayName $value")
    #expect(try outline("/beta/users/$filter(@p)") == "beta users $filter")
    #expect(fault("/beta/$entity") == .notOffered("$entity"))
    #expect(fault("/v1.0/$ALL/users") == .notOffered("$ALL"))
    #expect(fault("/beta/$crossjoin(users,me)") == .notOffered("$crossjoin"))
    for name in ["$orderby", "$", "$nosuch"] {
      #expect(fault("/beta/me/profile/phones/p/\(name)") == .unknownSegment(name))
      #expect(fault("/beta/me/\(name)/$value") == .unknownSegment(name))
    }
    for other in ["/beta/$nosuch", "/beta/$batch/x", "/beta/entity", "/beta/$all('x')x"] {
      #expect(fault(other) == .unknownSegment(String(other.split(separator: "/")[1])), "\(other)")
    }
  }

  @Test("Paths lead into complex values")
  func properties() throws {
    #expect(
      try outline("/beta/me/profile/phones/k/PLACE/Spot/x") == "beta me profile phones (k) .place .spot .x")
    #expect(fault("/beta/me/displayName/more") == .unknownSegment("more"))
    #expect(fault("/beta/me/displayName('x')") == .malformedKey(segment: "displayName"))
  }

  @Test("A key may follow only an entity set or a collection of entities")
  func misplacedKeys() {
    #expect(fault("/beta/me('x')") == .malformedKey(segment: "me"))
    #expect(fault("/beta/me/profile('x')") == .malformedKey(segment: "profile"))
    for key in ["()", "('')", "('a'b')", "(a)", "('a)", "(a')", "(')", "(='a')", "(id'a')", "(id=a)", "('a''')('b'')"] {
      #expect(fault("/beta/users\(key)") == .malformedKey(segment: "users"), "\(key)")
    }
  }

  @Test("An unknown segment is named in the error, and a path of another service is told apart")
  func unknownSegments() {
    #expect(fault("/beta/nosuch") == .unknownSegment("nosuch"))
    #expect(fault("/beta/me/nosuch") == .unknownSegment("nosuch"))
    #expect(fault("/beta/me/profile/phones/k/nosuch") == .unknownSegment("nosuch"))
    #expect(fault("/beta") == .unknownSegment(""))
    for other in ["/", "", "/healthz", "/v2.0/me", "/v1/me", "/betamax/me", "/%62eta/me"] {
      #expect(fault(other) == .notOfTheService, "\(other)")
    }
  }

  @Test("Broken escapes, malformed UTF-8 and control characters are refused in every segment")
  func malformedEncodings() {
    for segment in ["%", "%4", "%zz", "%00", "%0A", "%7F", "%C3%28", "%FF"] {
      for path in [
        "/beta/\(segment)", "/beta/users/\(segment)", "/beta/me/\(segment)", "/beta/me/profile/phones/\(segment)",
      ] {
        #expect(fault(path) == .malformedEncoding, "\(path)")
      }
    }
    #expect(fault(Array("/beta/users/a".utf8) + [0x0D]) == .malformedEncoding)
    #expect(fault(Array("/beta/users/a".utf8) + [0xC3]) == .malformedEncoding)
  }

  /// The longest request target that the server accepts, which no bound of OData names.
  private static let urlBytesMax = 8 << 10

  @Test("A path of the maximum length is parsed")
  func longPaths() throws {
    let prefix = "/beta/users/"
    let key = String(repeating: "k", count: Self.urlBytesMax - prefix.utf8.count)
    #expect(try outline(prefix + key) == "beta users(\(key))")
    let slashes = String(repeating: "/", count: Self.urlBytesMax - 20)
    #expect(try outline("/beta" + slashes + "me") == "beta me")
    let deep = "/beta/me" + String(repeating: "/$ref", count: (Self.urlBytesMax - 8) / 5)
    #expect(try ResourcePath(Array(deep.utf8), model: TestModel.model).steps.count == (Self.urlBytesMax - 8) / 5)
    let name = String(repeating: "n", count: 8_000)
    #expect((fault("/beta/" + name)?.message.utf8.count ?? .max) < 200)
  }

  /// Things of two kinds, whose parts are things too. A type cannot refer to itself, but to its base.
  private static func things() throws -> EntityModel {
    try EntityModel(
      namespace: "test.model", enums: [],
      types: [
        .entity("object", base: nil, isAbstract: true, "", [.string("id", "").traits(.key)]),
        .entity("thing", base: "object", references: [.init("parts", to: "object", "")], "", []),
        .entity("box", base: "thing", "", [.string("size", "")]), .entity("other", base: nil, "", []),
      ],
      roots: [.entitySet("things", of: "thing"), .singleton("root", of: "box")],
      actions: [
        .init("open", boundTo: "object", [:], returns: nil),
        .init("sort", ofSet: true, boundTo: "object", [:], returns: nil),
      ])
  }

  @Test("A cast to a derived type stands behind a set or an entity, by its qualified name in any case")
  func casts() throws {
    let model = try Self.things()
    for (text, wanted) in [
      ("/beta/things/1/parts/test.model.box", "beta things(1) parts <box>"),
      ("/beta/things/1/parts/TEST.model.Box/$count", "beta things(1) parts <box> $count"),
      ("/beta/things/1/parts/test%2Emodel.thing", "beta things(1) parts <thing>"),
      ("/beta/things/test.model.box", "beta things <box>"), ("/beta/root/test.model.box/size", "beta root <box> .size"),
      ("/beta/things/1/test.model.box/size", "beta things(1) <box> .size"),
      // What is no type that it can be is a key.
      ("/beta/things/test.model.other", "beta things(test.model.other)"),
      ("/beta/things/test.model.x", "beta things(test.model.x)"), ("/beta/things/tes", "beta things(tes)"),
    ] {
      #expect(try outline(text, model) == wanted, "\(text)")
    }
    for text in ["/beta/root/test.model.thing", "/beta/things/1/test.model.other", "/beta/things/1/box"] {
      #expect((try? outline(text, model)) == nil, "\(text)")
    }
  }

  @Test("An action stands behind what it is bound to, with or without the namespace, and nothing behind it")
  func actions() throws {
    let model = try Self.things()
    for (text, wanted) in [
      ("/beta/things/1/open", "beta things(1) !open"), ("/beta/things/1/test.model.open", "beta things(1) !open"),
      ("/beta/root/OPEN", "beta root !open"), ("/beta/things/sort", "beta things !sort"),
      ("/beta/things/test.model.sort", "beta things !sort"),
      ("/beta/things/1/parts/sort", "beta things(1) parts !sort"),
      ("/beta/things/1/parts/2/open", "beta things(1) parts (2) !open"),
      // An action of one entity is no name behind a set.
      ("/beta/things/open", "beta things(open)"),
    ] {
      #expect(try outline(text, model) == wanted, "\(text)")
    }
    for text in ["/beta/things/1/sort", "/beta/things/1/open/id", "/beta/things/sort/1", "/beta/root/open('x')"] {
      #expect((try? outline(text, model)) == nil, "\(text)")
    }
  }
}
