import OData

/// A property of a person that is not stored: `$select` of one person answers it from the items of a collection that
/// the caller may see (Graph page on the resource type user).
struct UserProjection: Sendable {
  /// What an item contributes.
  enum Source: Sendable {
    /// The text at the end of a path of properties.
    case text([String])
    /// The first of these texts that is set.
    case firstText([[String]])
    /// The day of an item whose `type` is the member of `personAnnualEventType` with this name.
    case day(ofType: String)
  }

  /// The name of the property.
  let property: String
  /// The collection of the items.
  let collection: String
  /// What each item contributes.
  let source: Source
  /// Whether every item contributes a value; otherwise the first one that has any does.
  let isCollection: Bool
  private let documentation: String

  /// All of them.
  static let all: [UserProjection] = [
    .init("aboutMe", "notes", .text(["detail", "content"]), "The first note."),
    .init("birthday", "anniversaries", .day(ofType: "birthday"), "The birthday."),
    .init("hireDate", "anniversaries", .day(ofType: "work"), "The first day at work."),
    .init("interests", "interests", .text(["displayName"]), isCollection: true, "Names of the interests."),
    .init("mySite", "websites", .text(["webUrl"]), "The first website."),
    .init("pastProjects", "projects", .text(["displayName"]), isCollection: true, "Names of the projects."),
    .init("preferredName", "names", .firstText([["nickname"], ["first"]]), "What the person is called."),
    .init("responsibilities", "responsibilities", .text(["displayName"]), isCollection: true, "Their names."),
    .init(
      "schools", "educationalActivities", .text(["institution", "displayName"]), isCollection: true,
      "Names of the institutions."),
    .init("skills", "skills", .text(["displayName"]), isCollection: true, "Names of the skills."),
  ]

  private init(
    _ property: String, _ collection: String, _ source: Source, isCollection: Bool = false, _ documentation: String
  ) {
    self.property = property
    self.collection = collection
    self.source = source
    self.isCollection = isCollection
    self.documentation = documentation
  }

  /// The property as it is declared.
  var declaration: PropertyDeclaration {
    let documentation = "\(documentation) Made of the visible items of \(collection) when it is selected."
    let single: PropertyDeclaration =
      switch source {
      case .text, .firstText: .string(property, documentation)
      case .day: .primitive(.dateTimeOffset, property, documentation)
      }
    return (isCollection ? single.collection.nonNullable : single).traits([.computed, .omittedWhenNull])
      .refused("is not stored: it shows the items of /profile/\(collection). Write these instead")
  }
}

extension UserProjection {
  /// The projection of a property; nil for one that is stored.
  static func of(_ property: Property) -> UserProjection? { all.first { $0.property == property.name } }

  /// The value that items make, in their order.
  func value(of items: [VisibleItem]) -> Value {
    var values: [Value] = []
    for item in items where isCollection || values.isEmpty {
      if let value = item.value.flatMap({ contribution(of: $0, item.type) }) { values.append(value) }
    }
    return isCollection ? .collection(values) : values.first ?? .null
  }

  private func contribution(of item: StructuredValue, _ type: StructuredType) -> Value? {
    switch source {
    case .text(let path): return Self.text(at: path[...], in: item, type)
    case .firstText(let paths):
      for path in paths { if let text = Self.text(at: path[...], in: item, type) { return text } }
      return nil
    case .day(let name):
      guard let kind = type.property(named: "type"), case .enumeration(let names) = kind.type,
        case .enumeration(let number) = item.members[kind.index], names.text(of: number) == name,
        let date = type.property(named: "date"), case .date(let day) = item.members[date.index]
      else { return nil }
      return .dateTime(DateTimeOffset(midnightOf: day))
    }
  }

  private static func text(at path: ArraySlice<String>, in value: StructuredValue, _ type: StructuredType) -> Value? {
    guard let name = path.first, let property = type.property(named: name) else { return nil }
    switch value.members[property.index] {
    case .string(let text) where path.count == 1: return text.isEmpty ? nil : .string(text)
    case .complex(let inner):
      guard case .complex(let complex) = property.type else { return nil }
      return self.text(at: path.dropFirst(), in: inner, complex)
    case .null, .bool, .int, .double, .string, .date, .dateTime, .enumeration, .collection: return nil
    }
  }
}
