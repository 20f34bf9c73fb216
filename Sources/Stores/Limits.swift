public import OData

/// The bounds that the stores enforce. Bounds of the store's contract, which every store shares with its callers, are
/// in `Profiles/Limits.swift`.
extension Limits {
  // MARK: Any store

  /// Most expired receipts of `Idempotency-Key` that one creation deletes.
  public static let receiptsForgottenMax = 16
  /// Most faults that a check of the whole database reports.
  public static let checkFindingsMax = 1_000
  /// About how many tokens of each person a check looks for in the full-text index.
  public static let checkedTokens = 8
  /// Most times that the lock of a data directory is tried, 10 ms apart.
  public static let lockAttemptsMax = 20

  // MARK: SQLite

  /// Most people whose numbers the connection that writes remembers.
  public static let rememberedPeopleMax = 10_000
  /// Most people whose states one transaction changes in memory before it writes them.
  public static let touchedPeopleMax = 1_000
  /// Most people whom an index finds for a condition. With more, everybody is evaluated, since every fiftieth of a million
  /// satisfies it.
  public static let foundPeopleMax = 20_000
  /// Most conditions for which a connection remembers who was found.
  public static let rememberedFindingsMax = 8
  /// Longest time that a condition which too many people satisfy is not looked for again, in seconds.
  public static let rememberedFindingSeconds = 10
  /// Most people found who are all read for each page. More are looked for in the order of the page.
  public static let fewPeopleMax = 1_000
  /// Most people who are passed over on the way to those who were found before a page ends.
  public static let passedPeopleMax = 50_000
  /// Most pages of the full-text index of people that one transaction merges after somebody was deleted, 4 KiB each.
  public static let mergedPagesMax = 500
  /// Most times that a read is tried, 1 ms apart, while another connection recovers the write-ahead log.
  public static let readAttemptsMax = 20
  /// Most times that a read, a write or a start is tried when the disk or the memory fails: an error may pass.
  public static let failedAttemptsMax = 3
  /// Longest wait for another connection, in seconds. Others hold the file only while they recover its log.
  public static let busySeconds = 5
  /// Most memory for pages of each connection that reads, in KiB. It is not a memory map: with one, a file that is cut
  /// short would end the process instead of a read.
  public static let readCacheKiB = 32_768
  /// Most memory for pages of the connection that writes, in KiB. With less, updates spread over many people read each
  /// page again.
  public static let writeCacheKiB = 65_536
  /// Longest time between two checks that the files of a store are still in their place, in seconds.
  public static let filesSeconds = 1
  /// Pages of write-ahead log, 4 KiB each, after which it is emptied into the database.
  public static let logPages = 4_000
  /// Longest wait, in milliseconds, for a read that keeps the values of a deleted person from being erased.
  public static let eraseMilliseconds = 500
  /// Most people that one transaction copies into a new layout.
  public static let migrationPeopleMax = 4_000
  /// Most bytes of items after which such a transaction ends.
  public static let migrationBytesMax = 64 << 20
  /// Most rows of the audit log for each of those people in a transaction that copies the log.
  public static let migrationRowsPerPerson = 10
  /// Shortest time between two reports of how far the copy of a database into a new layout is, in seconds.
  public static let migrationReportSeconds = 5
  /// Largest database whose integrity is checked in the background after a start, in bytes.
  public static let startCheckBytesMax = 256 << 20

  // MARK: PostgreSQL

  /// Longest wait for an answer of the database server before its connection is given up.
  public static let databaseSeconds = 30
  /// Longest time that a read or a write is tried again while the database server cannot be reached.
  public static let databaseRetrySeconds = 5
  /// Longest wait for a new connection to the database server, unless its URL says otherwise (`connect_timeout`).
  public static let databaseConnectSeconds = 5
  /// Longest wait for an answer to a command that changes or reads all of a database at once.
  public static let databaseCommandSeconds = 86_400
  /// Most reads that go to the database server in one round trip.
  public static let databaseReadsMax = 64
  /// Most items that a statement reads without adding up their bytes, which costs a quarter more.
  public static let databasePlainRowsMax = 128
  /// Longest item that such a statement gives, in bytes of stored JSON.
  public static let databasePlainItemBytesMax = 16 << 10
  /// Connections that write to a database on one server.
  public static let databaseWriters = 2
  /// Connections that write what one node alone commits, to each node of a database that is spread over nodes. Two made groups
  /// of half the size, and every write took a fifth more of the node.
  public static let nodeWriters = 1
  /// Longest time that sent bytes may remain unacknowledged before a connection over TCP is given up, and the time after which
  /// a connection that waits for an answer is probed, unless the URL says otherwise (`tcp_user_timeout`, `keepalives_idle`).
  public static let databaseUnacknowledgedSeconds = 10
  /// Connections to each node of a database that is spread over nodes, for writes that may have to wait for other nodes.
  public static let distributedFarWriters = 2
  /// Longest wait for a lock on such a node, in milliseconds, before a write no longer delays those of other people.
  public static let nodeLockMilliseconds = 1_000
  /// The same for each write of a group of which one had to wait that long.
  public static let nodeNextLockMilliseconds = 50
  /// Longest time that a transaction over several nodes holds locks on one of them while it waits for another.
  public static let nodeIdleSeconds = 10
  /// Time between two questions whether such a node answers.
  public static let nodeQuestionSeconds = 1
  /// Longest wait for the answer to such a question. Then other nodes do what any node can do; what the node alone can do
  /// fails at once when it has not answered for `databaseRetrySeconds`.
  public static let nodeSilenceSeconds = 2
  /// Longest wait for a connection on which such a question is asked. libpq counts whole seconds of the clock, so that it waits
  /// up to one less.
  public static let nodeConnectSeconds = nodeSilenceSeconds + 1
  /// Longest time until reads follow a shard that was moved to another node. Until then the former node asks the new one.
  public static let shardMapSeconds = 1
  /// Shortest time between two deletions of expired receipts on a database that is spread over nodes.
  public static let distributedReceiptsSeconds = 60
}
