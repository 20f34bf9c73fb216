import Foundation
import HTTPProbe
import OData
import Profiles

/// Exercises every property of one item type, over one connection to a running server.
final class ModelWalker {
  /// The result of a run.
  struct Report: Sendable {
    var properties = 0
    var faults: [String] = []
  }

  private let type: StructuredType
  private let folder: String
  private let connection: HTTPConnection
  private let token: String
  private var report = Report()
  /// The item that is updated, with a trailing part that names it.
  private var item = ""

  init(_ collection: NavigationProperty, port: Int, token: String) throws {
    type = collection.target
    folder = "/beta/me/profile/\(collection.name)"
    connection = try HTTPConnection(port: port)
    self.token = token
  }

  /// Exercises all properties, including inherited ones and those of the complex types in them.
  func walk() throws -> Report {
    let created = try send("POST", folder, [:])
    expect(created.status == 201, "POST {}", created)
    item = "\(folder)/\(created.json["id"] as? String ?? "")"
    for property in type.properties { try walk(Place(property, in: type, under: nil)) }
    expect(try send("DELETE", item).status == 204, "DELETE")
    expect(try send("GET", item).status == 404, "GET after DELETE")
    return report
  }

  /// Compares an item that was imported with every member set, read-only ones too.
  func check(imported: [String: Any], id: String) throws -> Report {
    let answer = try send("GET", "\(folder)/\(id)")
    expect(answer.status == 200, "GET of the imported item", answer)
    for property in type.properties {
      report.properties += 1
      let shown = CanonicalJSON(answer.json[property.name])
      expect(shown == CanonicalJSON(imported[property.name]), "\(property.name) as imported, not \(shown)")
    }
    return report
  }

  // MARK: One property

  /// The location of a property.
  private struct Place {
    let property: Property
    let owner: StructuredType
    let path: [String]
    let isReadOnly: Bool
    /// The element type's collection, when the property is one of its elements'.
    let list: [String]?

    init(_ property: Property, in owner: StructuredType, under parent: Place?) {
      self.property = property
      self.owner = owner
      let isElement = parent?.property.isCollection ?? false
      list = isElement ? parent?.path : parent?.list
      path = (parent?.path ?? []) + [property.name]
      isReadOnly = !property.traits.isDisjoint(with: [.key, .readOnly]) || (parent?.isReadOnly ?? false)
    }

    var name: String { path.joined(separator: "/") }

    /// A body that sets only the property, where that is possible.
    func body(_ value: Any) -> [String: Any] {
      guard let list else { return JSONPath.nested(path, value) }
      return JSONPath.nested(list, [JSONPath.nested(Array(path.dropFirst(list.count)), value)])
    }

    /// The value of the property in a response.
    func value(in answer: HTTPAnswer) -> Any? {
      guard let list else { return JSONPath.value(answer.json, at: path) }
      let elements = JSONPath.value(answer.json, at: list) as? [Any]
      return JSONPath.value(elements?.first, at: Array(path.dropFirst(list.count)))
    }

    /// The complex value around the property, without the property.
    func siblings(in answer: HTTPAnswer) -> [String: Any]? {
      var siblings = JSONPath.value(answer.json, at: Array(path.dropLast())) as? [String: Any]
      siblings?[property.name] = nil
      return siblings
    }
  }

  private func walk(_ place: Place) throws {
    report.properties += 1
    if place.isReadOnly { try ignores(place) } else { try lives(place) }
    guard case .complex(let complex) = place.property.type else { return }
    for property in complex.properties { try walk(Place(property, in: complex, under: place)) }
  }

  /// Sets a read-only property, which is ignored without an error.
  private func ignores(_ place: Place) throws {
    let before = CanonicalJSON(place.value(in: try send("GET", item)))
    for value in ModelSamples.values(of: place.property) + ModelSamples.wrongValues(of: place.property) {
      let answer = try send("PATCH", item, place.body(value))
      expect(answer.status == 200, "\(place.name) is ignored on update", answer)
      expect(CanonicalJSON(place.value(in: answer)) == before, "\(place.name) must not be set by an update")
    }
    let value = ModelSamples.values(of: place.property)[0]
    let created = try send("POST", folder, place.body(value))
    expect(created.status == 201, "\(place.name) is ignored on create", created)
    let shown = CanonicalJSON(place.value(in: created))
    expect(shown != CanonicalJSON(value), "\(place.name) must not be set by a create")
    try delete(created)
  }

  private func lives(_ place: Place) throws {
    try create(place)
    try update(place)
    try refuse(place)
    try clear(place)
  }

  private func create(_ place: Place) throws {
    let value = ModelSamples.values(of: place.property)[0]
    let created = try send("POST", folder, place.body(value))
    expect(created.status == 201, "POST \(place.name)", created)
    expect(place, shows: value, in: created)
    let read = try send("GET", "\(folder)/\(created.json["id"] as? String ?? "")")
    expect(read.status == 200 && read.body == created.body, "GET shows what POST of \(place.name) answered", read)
    try delete(created)
  }

  /// Sets each sample in turn. Other members keep their values.
  private func update(_ place: Place) throws {
    var siblings: CanonicalJSON?
    if place.list == nil, place.path.count > 1 {
      let whole = try send(
        "PATCH", item, JSONPath.nested(Array(place.path.dropLast()), ModelSamples.object(of: place.owner, 1)))
      expect(whole.status == 200, "PATCH of all around \(place.name)", whole)
      siblings = CanonicalJSON(place.siblings(in: whole))
    }
    for value in ModelSamples.values(of: place.property) {
      let answer = try send("PATCH", item, place.body(value))
      expect(answer.status == 200, "PATCH \(place.name)", answer)
      expect(place, shows: value, in: answer)
      if let siblings {
        expect(CanonicalJSON(place.siblings(in: answer)) == siblings, "PATCH \(place.name) keeps what is beside it")
      }
      let read = try send("GET", item)
      expect(read.body == answer.body, "GET shows what PATCH of \(place.name) answered", read)
    }
  }

  private func refuse(_ place: Place) throws {
    let before = try send("GET", item).body
    for value in ModelSamples.wrongValues(of: place.property) {
      for (method, target) in [("PATCH", item), ("POST", folder)] {
        let answer = try send(method, target, place.body(value))
        expect(
          Self.refuses(answer, place),
          "\(method) \(place.name) with \(CanonicalJSON(value)) is refused by name", answer)
      }
    }
    expect(try send("GET", item).body == before, "a refused \(place.name) changes nothing")
  }

  private static func refuses(_ answer: HTTPAnswer, _ place: Place) -> Bool {
    let target = (answer.json["error"] as? [String: Any])?["target"] as? String
    return answer.status == 400 && target == place.name && answer.errorMessage?.contains("'\(place.name)'") == true
  }

  private func clear(_ place: Place) throws {
    let siblings = place.list == nil ? CanonicalJSON(place.siblings(in: try send("GET", item))) : nil
    let answer = try send("PATCH", item, place.body(NSNull()))
    guard place.property.isNullable || place.property.isCollection else {
      return expect(Self.refuses(answer, place), "null for \(place.name) is refused by name", answer)
    }
    expect(answer.status == 200, "PATCH \(place.name) with null", answer)
    let shown = CanonicalJSON(place.value(in: answer))
    let cleared = CanonicalJSON(ModelSamples.cleared(place.property, of: place.owner))
    expect(shown == cleared, "null clears \(place.name): \(shown), not \(cleared)")
    if place.path.count > 1, let siblings {
      expect(CanonicalJSON(place.siblings(in: answer)) == siblings, "null for \(place.name) keeps what is beside it")
    }
  }

  // MARK: Requests

  private func send(_ method: String, _ path: String, _ body: [String: Any]? = nil) throws -> HTTPAnswer {
    try connection.send(HTTPProbe.text(method, path, token: token, body: body.map { CanonicalJSON($0).description }))
    return try connection.readAnswer()
  }

  private func delete(_ created: HTTPAnswer) throws {
    let answer = try send("DELETE", "\(folder)/\(created.json["id"] as? String ?? "")")
    expect(answer.status == 204, "DELETE", answer)
  }

  private func expect(_ place: Place, shows value: Any, in answer: HTTPAnswer) {
    let shown = CanonicalJSON(place.value(in: answer))
    expect(shown == CanonicalJSON(value), "\(place.name) shows \(shown), not \(CanonicalJSON(value))")
  }

  private func expect(_ condition: Bool, _ what: String, _ answer: HTTPAnswer? = nil) {
    guard !condition else { return }
    report.faults.append("\(type.name): \(what)" + (answer.map { " (\($0.status) \($0.text.prefix(300)))" } ?? ""))
  }
}
