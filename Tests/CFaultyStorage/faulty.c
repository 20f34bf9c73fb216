#include "CFaultyStorage.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;
static sqlite3_mem_methods real_memory;

static atomic_int armed_kind = -1;
static atomic_long armed_number;
static atomic_int armed_for_ever;
static atomic_long calls;

void faulty_arm(enum faulty_kind kind, long number, int for_ever) {
  atomic_store(&calls, 0);
  atomic_store(&armed_number, number);
  atomic_store(&armed_for_ever, for_ever);
  atomic_store(&armed_kind, (int)kind);
}

void faulty_disarm(void) { atomic_store(&armed_kind, -1); }

long faulty_count(void) { return atomic_load(&calls); }

int faulty_fork(void) { return fork(); }

/// Whether this call is to fail.
static int fails(enum faulty_kind kind) {
  if (atomic_load(&armed_kind) != (int)kind) return 0;
  long call = atomic_fetch_add(&calls, 1) + 1;
  long number = atomic_load(&armed_number);
  if (number == 0) return 0;
  return call == number || (call > number && atomic_load(&armed_for_ever));
}

// Files. The real one lies behind the wrapper in the same memory.

typedef struct {
  sqlite3_file base;
  sqlite3_file *real;
} faulty_file;

static sqlite3_file *real_of(sqlite3_file *file) { return ((faulty_file *)file)->real; }
#define METHODS(file) (real_of(file)->pMethods)

static int file_close(sqlite3_file *file) {
  return METHODS(file) ? METHODS(file)->xClose(real_of(file)) : SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  if (fails(faulty_read)) return SQLITE_IOERR_READ;
  return METHODS(file)->xRead(real_of(file), bytes, count, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  if (fails(faulty_write)) return SQLITE_IOERR_WRITE;
  int is_short = fails(faulty_short_write), is_full = fails(faulty_full);
  if (!is_short && !is_full) return METHODS(file)->xWrite(real_of(file), bytes, count, offset);
  METHODS(file)->xWrite(real_of(file), bytes, count / 2, offset);
  return is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  if (fails(faulty_truncate)) return SQLITE_IOERR_TRUNCATE;
  return METHODS(file)->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
  if (fails(faulty_sync)) return SQLITE_IOERR_FSYNC;
  return METHODS(file)->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  if (fails(faulty_file_size)) return SQLITE_IOERR_FSTAT;
  return METHODS(file)->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
  if (fails(faulty_lock)) return SQLITE_IOERR_LOCK;
  return METHODS(file)->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level) { return METHODS(file)->xUnlock(real_of(file), level); }

static int file_check_reserved_lock(sqlite3_file *file, int *out) {
  return METHODS(file)->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
  return METHODS(file)->xFileControl(real_of(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file) { return METHODS(file)->xSectorSize(real_of(file)); }

static int file_device_characteristics(sqlite3_file *file) {
  return METHODS(file)->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **address) {
  if (fails(faulty_shared_map)) return SQLITE_IOERR_SHMMAP;
  return METHODS(file)->xShmMap(real_of(file), region, size, extend, address);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  // A lock that is given back is not asked for.
  if ((flags & SQLITE_SHM_LOCK) && fails(faulty_shared_lock)) return SQLITE_IOERR_SHMLOCK;
  return METHODS(file)->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { METHODS(file)->xShmBarrier(real_of(file)); }

static int file_shm_unmap(sqlite3_file *file, int and_delete) {
  return METHODS(file)->xShmUnmap(real_of(file), and_delete);
}

static const sqlite3_io_methods file_methods = {
    2,
    file_close,
    file_read,
    file_write,
    file_truncate,
    file_sync,
    file_size,
    file_lock,
    file_unlock,
    file_check_reserved_lock,
    file_control,
    file_sector_size,
    file_device_characteristics,
    file_shm_map,
    file_shm_lock,
    file_shm_barrier,
    file_shm_unmap,
    NULL,
    NULL,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
  faulty_file *wrapper = (faulty_file *)file;
  wrapper->base.pMethods = NULL;
  wrapper->real = (sqlite3_file *)(wrapper + 1);
  if (fails(faulty_open)) return SQLITE_CANTOPEN;
  int code = real_vfs->xOpen(real_vfs, name, wrapper->real, flags, out_flags);
  wrapper->base.pMethods = wrapper->real->pMethods ? &file_methods : NULL;
  return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  if (fails(faulty_delete)) return SQLITE_IOERR_DELETE;
  return real_vfs->xDelete(real_vfs, name, sync_directory);
}

// Memory.

static void *memory_allocate(int size) { return fails(faulty_memory) ? NULL : real_memory.xMalloc(size); }

static void *memory_resize(void *old, int size) { return fails(faulty_memory) ? NULL : real_memory.xRealloc(old, size); }

int faulty_install(void) {
  int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
  if (code != SQLITE_OK) return code;
  sqlite3_mem_methods memory = real_memory;
  memory.xMalloc = memory_allocate;
  memory.xRealloc = memory_resize;
  code = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
  if (code != SQLITE_OK) return code;
  code = sqlite3_initialize();
  if (code != SQLITE_OK) return code;
  real_vfs = sqlite3_vfs_find(NULL);
  if (!real_vfs) return SQLITE_ERROR;
  faulty_vfs = *real_vfs;
  faulty_vfs.zName = "faulty";
  faulty_vfs.szOsFile = (int)sizeof(faulty_file) + real_vfs->szOsFile;
  faulty_vfs.xOpen = vfs_open;
  faulty_vfs.xDelete = vfs_delete;
  return sqlite3_vfs_register(&faulty_vfs, 1);
}
