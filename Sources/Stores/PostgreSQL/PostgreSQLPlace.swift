import Profiles

/// Where the rows of a read or a write lie when the tables are spread over nodes.
enum PostgreSQLPlace: Hashable, Sendable {
  /// With one person.
  case person(UserID)
  /// With a principal name, in the form by which names are compared.
  case principalName(String)
  /// On every node in full. The text spreads such reads over the nodes.
  case anyNode(String)
  /// On several nodes, or they are written on all.
  case severalNodes

  /// Whether every node has the rows.
  var isOfAnyNode: Bool { if case .anyNode = self { true } else { false } }
}

extension StoreWrite {
  /// Where the rows of the write lie, or those by which access is decided. Groups are on every node; a membership decides
  /// where its person lies.
  var place: PostgreSQLPlace {
    switch self {
    case .item(let operation, _): .person(operation.key.user)
    case .createItem(let operation, _, _): .person(operation.key.user)
    case .atomic(let operations, _): operations.first.map { .person($0.key.user) } ?? .severalNodes
    case .person(let operation, _): .person(operation.user)
    case .createPerson(let operation, _, _): .person(operation.user)
    case .group(let operation, _): Self.place(of: operation)
    case .createGroup(let operation, _, _): Self.place(of: operation)
    case .tenant, .replaceAll: .severalNodes
    }
  }

  private static func place(of operation: any GroupOperation) -> PostgreSQLPlace {
    let people = operation.people
    return people.count == 1 && operation.linkedTenant == nil ? .person(people[0]) : .severalNodes
  }

  /// Whether everything that the write touches lies with one person. Names, mail addresses and receipts lie elsewhere.
  var isOfOnePlace: Bool {
    switch self {
    case .item, .atomic: true
    case .createItem, .person, .createPerson, .group, .createGroup, .tenant, .replaceAll: false
    }
  }

  /// Whether the transaction has to run on the node of its place: it commits there alone or, where it may end a membership,
  /// there first.
  var isBoundToPlace: Bool {
    switch self {
    case .item, .atomic, .person: true
    case .group: place != .severalNodes
    case .createItem, .createPerson, .createGroup, .tenant, .replaceAll: false
    }
  }
}
