#include <sqlite3.h>

/// Has SQLite keep no statistics of its memory, for which every allocation of every thread would take one lock. Swift
/// cannot call `sqlite3_config` itself, whose arguments vary. It must come before SQLite is used, else it does nothing.
/// SQLite's own limits of memory, which nothing here sets, end with it.
static inline int keep_no_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/// Has the last connection to close neither empty the write-ahead log nor remove it. SQLite removes the log by its name, and
/// once files were moved that name may be another database's. Returns a result code.
static inline int keep_log_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
