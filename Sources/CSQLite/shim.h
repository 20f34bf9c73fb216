#include <sqlite3.h>

/// Has SQLite keep no statistics of its memory, for which every allocation of every thread would take one lock. Swift
/// cannot call `sqlite3_config` itself, whose arguments vary. It must come before SQLite is used, else it does nothing.
/// SQLite's own limits of memory, which nothing here sets, end with it.
static inline int keep_no_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
