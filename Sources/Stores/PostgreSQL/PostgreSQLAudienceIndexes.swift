import OData
import Profiles

/// The indexes of items by audience, one for each member of `Audience`. A viewer's statements read them alone, so that
/// their time depends on what is visible and not on what is hidden.
///
/// The indexed expression takes the place of the collection. With the plain column, the planner may use an index of all
/// items and filter what it returns; for people who hold much it does so. An update that leaves the
/// audience as it is touches none of these indexes.
enum PostgreSQLAudienceIndexes {
  /// The member of each index, with the name of the index, in the order of the members' numbers.
  static let all: [(member: Audience, name: String)] = [
    (.family, "item_for_family"), (.contacts, "item_for_contacts"), (.groupMembers, "item_for_group_members"),
    (.organization, "item_for_organization"), (.federatedOrganizations, "item_for_federated_organizations"),
    (.everyone, "item_for_everyone"),
  ]

  /// The indexed expression: the collection of an item that has `member` among its audiences, null for other items. A
  /// query must repeat it to be served by the index.
  static func collection(for member: Audience) -> String {
    "(case when audience & \(member.rawValue) <> 0 then collection end)"
  }

  /// Adds the indexes to a database that has none of them, and removes the one that they replace.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    for (member, name) in all {
      let collection = collection(for: member)
      try connection.execute(
        """
        create index \(name) on item (user_id, \(collection), created, id) where \(collection) is not null
        """)
    }
    try connection.execute("drop index if exists item_beyond_tenant")
  }
}
