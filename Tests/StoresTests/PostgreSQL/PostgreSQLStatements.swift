import Foundation
import Profiles

@testable import Stores

/// The named statements of the store by how many people they are about. `PostgreSQLShardTests` compares the lists with
/// the sources, so that none is forgotten.
enum PostgreSQLStatements {
  /// Statements of requests that read or write a row or a few.
  static let ofOneShard: [PostgreSQLStatement] =
    ofPeople + ofManagers + ofAuditLog + ofItems + ofViewers + ofNames + ofGroups + ofMembers + ofTenants

  private static let ofPeople: [PostgreSQLStatement] = [
    PostgreSQLOwnerRelations.selectForeign, PostgreSQLOwnerRelations.selectPlain, PostgreSQLTables.selectPerson,
    PostgreSQLTables.selectTenantOfPerson, PostgreSQLTables.insertPerson, PostgreSQLTables.updatePerson,
    PostgreSQLTables.deletePerson, PostgreSQLPersonIndex.insert, PostgreSQLPersonIndex.update,
    PostgreSQLPersonIndex.delete,
  ]
  private static let ofManagers: [PostgreSQLStatement] = [
    PostgreSQLManagerTable.select, PostgreSQLManagerTable.put, PostgreSQLManagerTable.delete,
    PostgreSQLManagerTable.selectMany, PostgreSQLManagerTable.selectPeople,
  ]
  private static let ofAuditLog: [PostgreSQLStatement] = [
    PostgreSQLReads.selectChanges, PostgreSQLReads.countChanges, PostgreSQLTables.lockChains,
    PostgreSQLTables.lockChain, PostgreSQLTables.insertRow, PostgreSQLTables.insertChain,
    PostgreSQLTables.updateChain, PostgreSQLChainOwners.update, PostgreSQLCommitProof.selectCode,
    PostgreSQLCommitProof.selectStatus,
    PostgreSQLCommitProof.tryKey,
  ]
  private static let ofItems: [PostgreSQLStatement] = [
    PostgreSQLReads.selectPlainItem, PostgreSQLItemQueries.select,
    PostgreSQLItemQueries.selectBounded, PostgreSQLItemQueries.selectByID, PostgreSQLItemQueries.count,
    PostgreSQLTables.selectItem, PostgreSQLTables.insertItem,
    PostgreSQLTables.updateItem, PostgreSQLTables.updateContent, PostgreSQLTables.deleteItem,
    PostgreSQLTables.selectUsage,
    PostgreSQLTables.selectVersions,
  ]
  /// Statements about somebody else's items.
  private static let ofViewers: [PostgreSQLStatement] =
    [
      PostgreSQLOwnerLookup.selectTenantVersion,
      PostgreSQLOwnerLookup.selectListed, PostgreSQLReads.selectItemVersion,
      PostgreSQLVisibleItems.select(for: .everyone, isBounded: false),
      PostgreSQLVisibleItems.select(for: .all, isBounded: false),
      PostgreSQLVisibleItems.select(for: .everyone, isBounded: true),
      PostgreSQLVisibleItems.select(for: .all, isBounded: true),
      PostgreSQLVisibleItems.count(for: .everyone), PostgreSQLVisibleItems.count(for: .all),
    ].compactMap(\.self) + [PostgreSQLVisibleItems.selectBeyondTenant]
  private static let ofNames: [PostgreSQLStatement] = [
    PostgreSQLTables.selectHolder, PostgreSQLTables.insertName, PostgreSQLTables.forgetName,
    PostgreSQLTables.passName, PostgreSQLMailTable.selectHolder, PostgreSQLMailTable.insert,
    PostgreSQLMailTable.forget,
  ]
  private static let ofGroups: [PostgreSQLStatement] = [
    PostgreSQLReads.selectGroups, PostgreSQLReads.countGroups, PostgreSQLReads.selectMemberships,
    PostgreSQLReads.countMembers, PostgreSQLReads.selectMember, PostgreSQLReads.selectMemberIDs,
    PostgreSQLReads.selectMembers, PostgreSQLTables.selectGroup, PostgreSQLTables.putGroup,
    PostgreSQLTables.deleteGroup, PostgreSQLGroupLinks.select, PostgreSQLGroupLinks.selectOwned,
    PostgreSQLGroupLinks.update, PostgreSQLGroupPhotos.select, PostgreSQLGroupPhotos.put, PostgreSQLGroupPhotos.delete,
  ]
  private static let ofMembers: [PostgreSQLStatement] = [
    PostgreSQLMemberTable.select, PostgreSQLMemberTable.count, PostgreSQLMemberTable.selectGroups,
    PostgreSQLMemberTable.insert, PostgreSQLMemberTable.delete, PostgreSQLMemberTable.selectLeft,
    PostgreSQLMemberTable.selectPeople, PostgreSQLMemberTable.insertListed, PostgreSQLMemberTable.deleteListed,
    PostgreSQLMemberTable.deleteAllListed, PostgreSQLMemberTable.hold, PostgreSQLMemberTable.take,
  ]
  private static let ofTenants: [PostgreSQLStatement] = [
    PostgreSQLOwnerRelations.selectTenant, PostgreSQLTables.lockTenant, PostgreSQLTables.putTenant,
    PostgreSQLTables.addTenant, PostgreSQLTables.keepFile, PostgreSQLTables.identify,
    PostgreSQLTables.selectReceipt, PostgreSQLTables.forgetReceipt, PostgreSQLTables.insertReceipt,
    PostgreSQLDisabledAccounts.select, PostgreSQLDisabledAccounts.selectAll, PostgreSQLDisabledAccounts.insert,
    PostgreSQLDisabledAccounts.delete,
  ]

  /// Statements that answer a request about people of the whole tenant, who may lie anywhere.
  static let ofEveryShard: [PostgreSQLStatement] = [
    PostgreSQLReads.countUsers, PostgreSQLManagerTable.selectReports, PostgreSQLManagerTable.selectReportIDs,
  ]

  /// Statements about two people or more, one that each creation runs, and those that read one's own list in one round trip:
  /// not on Citus.
  static let ofOneDatabase: [PostgreSQLStatement] = [
    PostgreSQLOwnerRelations.select, PostgreSQLReads.selectItem, PostgreSQLPrefetch.lockChains,
    PostgreSQLPrefetch.selectItems, PostgreSQLPrefetch.selectOwnerRelations,
    PostgreSQLTables.selectUsages, PostgreSQLBulk.itemUpdates.many,
    PostgreSQLBulk.itemInserts.many, PostgreSQLBulk.auditInserts.many, PostgreSQLBulk.chainInserts.many,
    PostgreSQLBulk.chainUpdates.many, PostgreSQLTables.forgetReceipts, PostgreSQLItemQueries.selectOwn,
    PostgreSQLItemQueries.selectOwnBounded, PostgreSQLItemQueries.countOwn,
  ]

  /// Statements without a table of ours, those that run now and then, apart from requests, and those that a check alone runs.
  static let ofNoRequest: [PostgreSQLStatement] =
    [
      PostgreSQLTables.begin, PostgreSQLReadBatch.begin, PostgreSQLTables.commit, PostgreSQLTables.rollback,
      PostgreSQLTables.savepoint,
      PostgreSQLTables.undoToSavepoint, PostgreSQLTables.releaseSavepoint, PostgreSQLTables.forgetAllReceipts,
      PostgreSQLMailTable.selectNoted, PostgreSQLPersonIndex.select, PostgreSQLShardMap.countLocal,
      PostgreSQLCommitProof.limitWait, PostgreSQLGroupLinks.selectAll,
    ] + PostgreSQLTransactionSettings.ofSeveralNodes + PostgreSQLTransactionSettings.ofNextLock
    + PostgreSQLShardLocks.Column.allCases.map(PostgreSQLShardLocks.lock)

  /// Statements that read spread tables and that no write runs inside its transaction, so that no shard is locked for them.
  static let ofReadsAlone: [PostgreSQLStatement] =
    [
      PostgreSQLManagerTable.selectMany, PostgreSQLManagerTable.selectPeople, PostgreSQLReads.selectChanges,
      PostgreSQLReads.countChanges, PostgreSQLCommitProof.selectCode, PostgreSQLReads.selectPlainItem,
      PostgreSQLItemQueries.select, PostgreSQLItemQueries.selectBounded, PostgreSQLItemQueries.selectByID,
      PostgreSQLItemQueries.count, PostgreSQLReads.selectMemberships, PostgreSQLReads.countMembers,
      PostgreSQLReads.selectMember, PostgreSQLReads.selectMemberIDs, PostgreSQLReads.selectMembers,
      PostgreSQLMemberTable.selectLeft,
    ] + ofViewers.filter { $0 != PostgreSQLOwnerLookup.selectListed } + ofEveryShard

  /// Files of commands and migrations, which may ask every shard.
  private static let commandFiles = [
    "PostgreSQLCheck.swift", "PostgreSQLMemberCheck.swift", "PostgreSQLExport.swift", "PostgreSQLSchema+names.swift",
  ]

  /// The names of the statements that the sources of requests define. A name that is made of parts, such as
  /// `read_items_for_\(audiences)`, is cut off after the first.
  static func namesInSources() throws -> Set<String> {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../../Sources/Stores/PostgreSQL")
    var names: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
    where !commandFiles.contains(file.lastPathComponent) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: #/PostgreSQLStatement\(\s*"(?<name>[a-z_]+)/#) { names.insert(String(match.name)) }
    }
    // Empties every table for an import.
    return names.subtracting(["clear_"])
  }
}
