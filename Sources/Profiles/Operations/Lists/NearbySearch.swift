import OData

/// `$search` among the people who stand near somebody: words and phrases are found in names and mail addresses, and those that
/// begin with `skill:`, `language:` or `project:` in the items of that collection, as far as the caller may see them.
struct NearbySearch {
  /// A term that is looked for in items.
  struct ItemTerm {
    let collection: NavigationProperty
    let expression: SearchExpression
  }

  private let expression: SearchExpression
  private let searches: [String: TextSearch]
  /// The terms that are looked for in items, by the whole term.
  let itemTerms: [String: ItemTerm]

  /// Reads a search. Throws `searchTooWide` when more than `Limits.nearbyItemTermsMax` terms look into items.
  init(_ expression: SearchExpression) throws(ProfileError) {
    self.expression = expression
    var (searches, itemTerms): ([String: TextSearch], [String: ItemTerm]) = ([:], [:])
    for (term, property) in expression.terms {
      if property == nil, let item = Self.itemTerm(term) {
        itemTerms[term] = item
      } else {
        searches[term] = TextSearch(term)
      }
    }
    guard itemTerms.count <= Limits.nearbyItemTermsMax else { throw .searchTooWide }
    (self.searches, self.itemTerms) = (searches, itemTerms)
  }

  /// The collections whose items the search looks into, in the order of their names.
  var collections: [NavigationProperty] {
    Self.prefixes.compactMap { _, name in itemTerms.values.first { $0.collection.name == name }?.collection }
  }

  /// Whether somebody matches: a person as a value of its type, with the terms that were found in their items.
  func matches(_ person: StructuredValue, itemTerms found: Set<String>) -> Bool {
    let texts = NameTexts(person)
    return expression.holds { term, property in
      if property == nil, itemTerms[term] != nil { return found.contains(term) }
      return searches[term].map { texts.contain($0, in: property) } ?? false
    }
  }

  /// The terms that occur in an item.
  func terms(in item: VisibleItem, of collection: NavigationProperty) -> [String] {
    let terms = itemTerms.filter { $0.value.collection === collection }
    guard !terms.isEmpty, let value = item.value else { return [] }
    return terms.filter { $0.value.expression.matches(value, of: item.type) }.map(\.key)
  }

  private static let prefixes: KeyValuePairs<String, String> = [
    "language:": "languages", "project:": "projects", "skill:": "skills",
  ]

  private static func itemTerm(_ term: String) -> ItemTerm? {
    for (prefix, name) in prefixes where term.utf8.starts(with: prefix.utf8) {
      let rest = String(term.dropFirst(prefix.count).drop { $0 == " " })
      guard !rest.isEmpty, let collection = ProfileModel.collection(named: name) else { return nil }
      return ItemTerm(collection: collection, expression: .term(rest, property: nil))
    }
    return nil
  }
}

/// The folded names and mail addresses of a person.
private struct NameTexts {
  private let texts: [(property: String, text: String)]

  init(_ person: StructuredValue) {
    let type = ProfileModel.person
    var texts: [(property: String, text: String)] = []
    for name in ["displayName", "givenName", "surname", "userPrincipalName"] {
      if let text = person.string(name, of: type) { texts.append((name, text.folded)) }
    }
    if let property = type.property(named: "scoredEmailAddresses"), case .complex(let inner) = property.type,
      case .collection(let addresses) = person.members[property.index]
    {
      for case .complex(let address) in addresses {
        if let text = address.string("address", of: inner) { texts.append((property.name, text.folded)) }
      }
    }
    self.texts = texts
  }

  func contain(_ search: TextSearch, in property: String?) -> Bool {
    texts.contains { text in
      (property.map { $0 == text.property } ?? true) && search.firstIndex(in: text.text) != nil
    }
  }
}
