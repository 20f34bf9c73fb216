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

  /// Makes the table of principal names complete: people who share a name with the one who is found by it keep it in rows
  /// of their own, with their id in `shared`. When the name is released, the next of them is found in this table, without
  /// a search through all people.
  static func addSharedNames(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try execute(
      """
      alter table principal_name add column shared text collate "C" not null default '';
      alter table principal_name alter column shared drop default;
      alter table principal_name drop constraint principal_name_pkey;
      alter table principal_name add primary key (tenant, folded, shared);
      drop index principal_name_user;
      insert into principal_name (tenant, folded, shared, user_id)
      select p.tenant, p.principal_name_folded, p.user_id, p.user_id from person p join (
        select tenant, principal_name_folded from person
        where length(principal_name_folded) <= \(Limits.userPrincipalNameBytesMax)
        group by tenant, principal_name_folded having count(*) > 1
      ) s on s.tenant = p.tenant and s.principal_name_folded = p.principal_name_folded;
      delete from principal_name n using principal_name h
      where n.tenant = h.tenant and n.folded = h.folded and n.user_id = h.user_id and n.shared <> '' and h.shared = ''
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
