import OData

/// The system query options that documents describe, supported or not (OData 4.01 part 1, 11.2.1).
enum SystemQueryOption: String, CaseIterable, Sendable {
  case select, expand, filter, orderby, top, skip, count, search

  /// The name with its dollar sign.
  var name: String { "$" + rawValue }

  /// The description in documents.
  var documentation: String {
    switch self {
    case .select: "The properties to answer, separated by commas."
    case .expand: "The collections to answer inside, separated by commas."
    case .filter: "A condition that must be met, as OData writes it."
    case .orderby: "What to sort by, each with asc or desc, separated by commas."
    case .top: "The size of a page; a link leads to the next one while more remains."
    case .skip: "How many items to leave out at the beginning."
    case .count: "Whether to answer how many there are in all pages."
    case .search: "Words and phrases to look for in all texts."
    }
  }

  /// The type of its value.
  var kind: APIOperation.Kind {
    switch self {
    case .select, .expand, .filter, .orderby, .search: .text
    case .top, .skip: .wholeNumber
    case .count: .truth
    }
  }

  /// Whether its value is a list of names.
  var isList: Bool { self == .select || self == .expand }
}
