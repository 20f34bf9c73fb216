import OData
import Profiles

/// The photos of groups, apart from the groups, which are read without them. They are on every node, as groups are.
enum PostgreSQLGroupPhotos {
  /// Adds the table.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try connection.execute(
      """
      create table group_photo (
        group_id text collate "C" not null primary key,
        version bigint not null check (version > 0),
        json bytea not null
      )
      """)
    guard try PostgreSQLDistribution.isDone(connection) else { return }
    for statement in PostgreSQLDistribution.statements(for: ["group_photo"]) { try connection.execute(statement) }
  }

  static let select = PostgreSQLStatement(
    "select_group_photo", "select \(PostgreSQLColumns.groupPhoto) from group_photo where group_id = $1::text")
  static let put = PostgreSQLStatement(
    "put_group_photo",
    """
    insert into group_photo (\(PostgreSQLColumns.groupPhoto)) values ($1::text, $2::bigint, $3::bytea)
    on conflict (group_id) do update set version = excluded.version, json = excluded.json
    """)
  static let delete = PostgreSQLStatement(
    "delete_group_photo", "delete from group_photo where group_id = $1::text")
}

extension PostgreSQLTables {
  func photo(of group: GroupID) throws(PostgreSQLFailure) -> StoredGroupPhoto? {
    try read(PostgreSQLGroupPhotos.select, .text(group.text)).map { row throws(PostgreSQLFailure) in
      try row.groupPhoto()
    }.first
  }

  /// Keeps the deletion of the group out, so that no photo outlives its group.
  func put(_ photo: StoredGroupPhoto) throws(PostgreSQLFailure) {
    try hold(photo.group)
    write(
      PostgreSQLGroupPhotos.put, .text(photo.group.text), .int(photo.version.number), .bytes(photo.json))
  }

  func deletePhoto(of group: GroupID) { write(PostgreSQLGroupPhotos.delete, .text(group.text)) }
}
