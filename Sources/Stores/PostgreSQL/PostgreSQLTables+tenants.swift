import OData
import Profiles

/// Tenants and key files.
extension PostgreSQLTables {
  /// Stores a key file, unless it is there.
  func keepFile(_ name: String, _ bytes: [UInt8]) { write(Self.keepFile, .text(name), .bytes(bytes)) }

  /// What a tenant decided, locked until the commit; nil when there is no such tenant.
  func lockedTenant(_ id: TenantID) throws(PostgreSQLFailure) -> TenantSettings? {
    try read(Self.lockTenant, .text(id.text)).first.map { row throws(PostgreSQLFailure) in
      try PostgreSQLOwnerRelations.decided(id, row.bytes(0))
    }
  }

  func put(_ settings: TenantSettings) {
    forgetOwners()
    write(Self.putTenant, .text(settings.id.text), .bytes(settings.json))
  }

  func add(_ tenant: TenantID) { write(Self.addTenant, .text(tenant.text)) }
}
