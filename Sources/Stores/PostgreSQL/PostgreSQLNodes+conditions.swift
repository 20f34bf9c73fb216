import OData
import Profiles

/// What operators see of the nodes.
extension PostgreSQLNodes {
  /// Whether reads and writes work. While one of several nodes is away the others work, so that the store is limited only.
  /// The sentences are for everybody, so that they name no host.
  var health: StoreHealth {
    guard map != nil else { return first.condition.health }
    let nodes = ofPeople.map(\.node)
    let refusals = nodes.compactMap(\.refusal)
    if let refusal = refusals.first, refusals.count == nodes.count { return .refusingWrites(refusal.message) }
    var sentences: [String] = []
    if !refusals.isEmpty {
      sentences.append(
        "People on \(refusals.count) of \(nodes.count) nodes of the database cannot be reached or written.")
    }
    if first.refusal != nil { sentences.append("Groups and tenants cannot be written, nor people be listed.") }
    return sentences.isEmpty ? .healthy : .limited(sentences.joined(separator: " "))
  }

  /// Which of several nodes refuse writes, and why; nil when none does.
  var warning: String? {
    guard map != nil else { return nil }
    let ofPeople = ofPeople.compactMap { address, node in
      node.refusal.map { "People on the node \(address) cannot be written: \($0.message)" }
    }
    let ofAll = first.refusal.map { "Groups and tenants cannot be written: \($0.message)" }
    let sentences = ofPeople + [ofAll].compactMap(\.self)
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// What the nodes lack that answered, such as one that was added while the server runs; nil when nothing is missing or
  /// none has answered.
  var settingsWarning: String? {
    guard map != nil else { return nil }
    let settings = ([first] + ofPeople.map(\.node)).compactMap(\.settings)
    return PostgreSQLNodeSettings.fault(of: settings) ?? PostgreSQLNodeSettings.warning(of: settings)
  }

  /// The condition of each node, that of the coordinator first.
  var conditions: [StoreNodeCondition] {
    guard let map else { return [] }
    func condition(
      _ name: String, _ role: StoreNodeCondition.Role, _ node: PostgreSQLNode, _ shards: Int
    ) -> StoreNodeCondition {
      StoreNodeCondition(
        name: name, role: role, isAnswering: node.reachability.state == .answers, takesWrites: node.refusal == nil,
        waitingWrites: node.waiting, shards: shards)
    }
    return [condition(first.settings?.node ?? "", .coordinator, first, 0)]
      + ofPeople.map { address, node in
        condition("\(address)", .worker, node, map.people.count { $0.node == address })
      }
  }
}
