extension ThrowawayDatabase {
  /// Takes back the migrations after `version`, with what they stored, so that the next server runs them again.
  func revert(to version: Int64) async throws {
    let isSpread = try await psql("select to_regclass('citus_tables') is not null") == "t"
    for migration in Self.migrations.reversed() where migration.version > version {
      if isSpread, migration.version == 6 { try await psql("select undistribute_table('membership')") }
      // One by one, because Citus passes on the text of a command that makes an index.
      for statement in migration.undo.split(separator: ";") { try await psql(String(statement)) }
      if isSpread, migration.version == 6 { try await psql("select create_reference_table('membership')") }
    }
    try await psql("update facet_schema set version = \(version)")
  }

  private static let migrations: [(version: Int64, undo: String)] = [
    (
      2,
      """
      drop index person_principal_name; drop index person_display_name;
      alter table person drop column principal_name_folded, drop column display_name_folded;
      create index person_display_name on person (tenant, user_id); delete from principal_name
      """
    ),
    (3, "drop table mail_address"),
    (
      4,
      """
      drop index item_for_family; drop index item_for_contacts; drop index item_for_group_members;
      drop index item_for_organization; drop index item_for_federated_organizations; drop index item_for_everyone;
      create index item_beyond_tenant on item (user_id, collection) where audience & 48 <> 0
      """
    ),
    (
      5,
      """
      delete from principal_name where shared <> ''; alter table principal_name drop constraint principal_name_pkey;
      alter table principal_name drop column shared; alter table principal_name add primary key (tenant, folded);
      create index principal_name_user on principal_name (user_id)
      """
    ),
    (
      6,
      """
      drop table group_member; create index membership_group on membership (group_id, user_id);
      alter table facet_schema drop constraint facet_schema_pkey
      """
    ),
    (7, "alter table chain drop column is_current, drop column display_name"),
    (8, "alter table directory_group drop column links"),
    (9, "drop table group_photo"),
    (
      10,
      """
      drop table person_index; drop table manager;
      create index person_principal_name on person (tenant, substring(principal_name_folded from 1 for 128) nulls first, user_id);
      create index person_display_name on person (tenant, substring(display_name_folded from 1 for 128) nulls first, user_id)
      """
    ),
    (11, "drop table disabled_account"),
  ]
}
