public import OData

/// Runs work on the thread that a reader belongs to. May be called from any thread.
public typealias Resume = @Sendable (@escaping @Sendable () -> Void) -> Void

/// Where people and their items are stored.
///
/// Contract, which `StoreConformance` tests for every store:
/// - a write is acknowledged only when it would survive a loss of power;
/// - a write is applied to the item as it is at that moment, alone or not at all, and its row of the audit log is
///   written in the same transaction;
/// - what was acknowledged is seen by every read that begins afterwards, on every reader;
/// - a refused or failed write leaves others of the same commit group untouched;
/// - after `close` every call fails with `StoreError.closed`.
public protocol ProfileStore: AnyObject, Sendable {
  /// Makes the reader of one thread. `resume` runs work on that thread; answers that come late use it. Throws
  /// `StoreError` when the store is closed or its data cannot be opened.
  func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader

  /// Queues a write. Writes of one item are applied in the order in which they were queued. The completion is called
  /// exactly once, on a thread of the store's choice.
  func submit(_ write: StoreWrite)

  /// Whether the store can be used. Cheap enough to ask for every request.
  var health: StoreHealth { get }

  /// Adds or replaces what `next` gives until it gives nil, all or nothing. An item must follow its person, unless the
  /// store has that person already. Everything that is written gets a new version, whatever the lines say. Returns the
  /// number of lines. Blocks; for commands, not for requests.
  ///
  /// Throws `ImportError` when a line is refused, `StoreError` when the store cannot do its work, and what `next`
  /// throws. Then nothing is imported, except for `StoreError.unresolved`.
  func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int

  /// Gives the whole directory to `body` from one snapshot: tenants, groups, their photos, then people in the order of their
  /// ids, each followed by their memberships and by their items in the order of collection and id. Blocks; for commands, not
  /// for requests.
  ///
  /// Throws `StoreError` when the store cannot be read, and what `body` throws.
  func exportLines(_ body: (ImportLine) throws -> Void) throws

  /// Reads the audit log of one person of a tenant, oldest row first. Throws `StoreError` when the store cannot be
  /// read. Blocks; for commands and tests.
  func changes(of user: UserID, in tenant: TenantID) throws -> [Change]

  /// Finishes the writes that are queued, then releases everything. Blocks.
  func close()
}

/// Whether a store can be used.
public enum StoreHealth: Equatable, Sendable {
  /// Reads and writes work.
  case healthy
  /// Reads and writes work, except for what the sentence names, because a part of the database is away.
  case limited(String)
  /// Reads may work, writes are refused; the sentence says why.
  case refusingWrites(String)
}
