#ifndef CFAULTYSTORAGE_H
#define CFAULTYSTORAGE_H

/// Storage that fails when it is told to, for a process that does nothing but show what becomes of it. It stands between SQLite
/// and the operating system: a VFS that is the default one, and the allocator of SQLite.

/// Which calls can fail.
enum faulty_kind {
  faulty_read,
  /// A write of which nothing is done.
  faulty_write,
  /// A write of which half is done.
  faulty_short_write,
  /// A write of which half is done, because the disk is full.
  faulty_full,
  faulty_sync,
  faulty_truncate,
  /// A lock of the database file.
  faulty_lock,
  /// Memory that processes share, mapped; with it the index of the log grows.
  faulty_shared_map,
  /// A lock in that memory.
  faulty_shared_lock,
  faulty_open,
  faulty_delete,
  faulty_file_size,
  /// A request for memory.
  faulty_memory,
  faulty_kinds
};

/// Puts the storage in the place of SQLite's own. To be called before SQLite is used, once. Returns a result code.
int faulty_install(void);

/// Fails the `number`th call of a kind from now on, and with `for_ever` each one after it; 0 fails none.
void faulty_arm(enum faulty_kind kind, long number, int for_ever);

/// Fails nothing from now on.
void faulty_disarm(void);

/// How many calls of the kind there were since `faulty_arm`.
long faulty_count(void);

/// Begins another process as a copy of this one (fork), which Swift does not let itself call. The process must have one thread.
int faulty_fork(void);

#endif
