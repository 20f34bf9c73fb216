import OData
import Profiles

/// What the row of a chain tells of the person: whether they are of the chain's tenant now, and their display name. A write
/// locks that row anyway, so the owner costs it no statement of their own.
///
/// Every write of a person appends to their chain, and so keeps these columns true in the same transaction.
enum PostgreSQLChainOwners {
  /// What is kept of a person who is of the tenant.
  struct Owner: Equatable {
    let displayName: String?

    /// What is kept of a person.
    init(displayName: String?) { self.displayName = displayName }

    /// What the chain of a tenant is to tell of a person; nil when they are not of the tenant.
    init?(_ person: StoredUser?, of tenant: TenantID) {
      guard let person, person.tenant == tenant else { return nil }
      self.init(displayName: person.displayName)
    }
  }

  /// What `facet check` says of columns that do not agree with the person.
  static let fault = "The audit log's row of the person has another tenant or display name than the person."

  /// Adds the columns, and fills them.
  static func add(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    try PostgreSQLSchema.execute(
      """
      alter table chain add column is_current boolean not null default false, add column display_name bytea;
      update chain c set is_current = true, display_name = p.display_name from person p
      where p.user_id = c.user_id and p.tenant = c.tenant
      """, connection)
  }

  /// The columns, in a form that `owner` reads.
  static let columns = "is_current::int::bigint, display_name"

  /// Reads the columns from `column` on; nil when the person is not of the tenant.
  static func owner(_ row: PostgreSQLRow, from column: Int) -> Owner? {
    row.int64(column) == 1 ? Owner(displayName: row.optionalText(column + 1)) : nil
  }

  static let update = PostgreSQLStatement(
    "update_chain_owner",
    """
    update chain set is_current = $3::bigint = 1, display_name = $4::bytea where user_id = $1::text and tenant = $2::text
    """)

  /// The query that keeps the columns of a chain; nil for `owner` says that the person is not of the tenant.
  static func query(_ chain: AuditChainOwner, _ owner: Owner?) -> PostgreSQLQuery {
    PostgreSQLQuery(
      update, .text(chain.user.text), .text(chain.tenant.text), .int(owner == nil ? 0 : 1),
      .bytes(of: owner?.displayName))
  }
}
