import OData
import Profiles

extension PostgreSQLSchema {
  /// Adds the names of people in the form by which they are compared, and builds the table of principal names anew. Two
  /// people may have shared a name since before names were compared so: the one with the first id is found by it.
  static func foldNames(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try execute(
      """
      alter table person add column principal_name_folded bytea, add column display_name_folded bytea;
      drop index person_display_name
      """, connection)
    try foldPeople(connection)
    try execute(
      """
      create index person_principal_name on person (tenant, \(sortKey("principal_name_folded")) nulls first, user_id);
      create index person_display_name on person (tenant, \(sortKey("display_name_folded")) nulls first, user_id);
      delete from principal_name;
      insert into principal_name (tenant, folded, user_id)
      select tenant, principal_name_folded, min(user_id) from person
      where length(principal_name_folded) <= \(Limits.userPrincipalNameBytesMax) group by tenant, principal_name_folded
      """, connection)
  }

  private static func foldPeople(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    var last = ""
    while true {
      let people = try connection.rows(selectPeople, .text(last)).rows.map(PostgreSQLRow.init)
      guard let end = people.last else { return }
      last = end.text(0)
      _ = try connection.run(
        people.map { person in
          PostgreSQLQuery(
            updateNames, .text(person.text(0)), .bytes(of: person.optionalText(1)?.folded),
            .bytes(of: person.optionalText(2)?.folded))
        })
    }
  }

  private static let selectPeople = PostgreSQLStatement(
    "fold_select",
    """
    select user_id, principal_name, display_name from person
    where user_id > $1::text and (principal_name is not null or display_name is not null) order by user_id limit 500
    """)
  private static let updateNames = PostgreSQLStatement(
    "fold_update",
    """
    update person set principal_name_folded = $2::bytea, display_name_folded = $3::bytea where user_id = $1::text
    """)
}
