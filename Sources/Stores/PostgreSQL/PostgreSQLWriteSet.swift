import OData
import Profiles

/// What a group of writes will touch and read first.
struct PostgreSQLWriteSet {
  /// The people whose chains of the audit log are locked.
  var users: Set<UserID> = []
  /// The items that are read ahead.
  var keys: Set<ItemKey> = []
  /// The owners that are read ahead.
  var ownerLookups: Set<PostgreSQLOwnerLookup> = []
  /// The accounts of the callers, which may be disabled.
  var accounts: Set<TenantUser> = []
  /// The shards that must be on the node that the transaction runs on; none where that is not checked.
  var localShards: Set<Int64> = []
  /// Whether everything that is read before it is written is on that node, once `localShards` are.
  var isOfOwnNode = false
  /// Viewers whose rows lie on other nodes, which the transaction must not wait for.
  var farViewers: Set<String> = []
  /// Settings of the transaction, which are made first.
  var settings: [PostgreSQLStatement] = []
}

extension StoreWrite {
  /// The id of the person, the group or the tenant whose writes must keep their order; nil for a write of everything.
  var subject: String? {
    switch self {
    case .item(let operation, _): operation.key.user.text
    case .createItem(let operation, _, _): operation.key.user.text
    case .atomic(let operations, _): operations.first?.key.user.text
    case .person(let operation, _): operation.user.text
    case .createPerson(let operation, _, _): operation.user.text
    case .group(let operation, _): operation.group.text
    case .createGroup(let operation, _, _): operation.group.text
    case .tenant(let operation, _): operation.tenant.text
    case .replaceAll: nil
    }
  }

  /// A number that is the same for writes that must keep their order.
  var routingKey: Int { (subject ?? "").utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } }

  /// Adds to a write set what the write touches and reads first, as far as that is known before.
  func add(to writeSet: inout PostgreSQLWriteSet) {
    switch self {
    case .item(let operation, _): Self.add(operation, to: &writeSet)
    case .createItem(let operation, _, _): Self.add(operation, to: &writeSet)
    case .atomic(let operations, _): for operation in operations { Self.add(operation, to: &writeSet) }
    case .person(let operation, _): writeSet.users.insert(operation.user)
    case .createPerson(let operation, _, _): writeSet.users.insert(operation.user)
    case .group(let operation, _): writeSet.users.formUnion(operation.people)
    case .createGroup(let operation, _, _): writeSet.users.formUnion(operation.people)
    case .tenant(let operation, _): writeSet.users.insert(UserID(decisionsOf: operation.tenant))
    case .replaceAll: break
    }
  }

  private static func add(_ operation: any ItemOperation, to writeSet: inout PostgreSQLWriteSet) {
    writeSet.users.insert(operation.key.user)
    writeSet.keys.insert(operation.key)
    writeSet.ownerLookups.insert(PostgreSQLOwnerLookup(operation.key.user, operation.authorization))
    if let account = operation.authorization.account { writeSet.accounts.insert(account) }
  }
}
