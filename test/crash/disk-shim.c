/*
 * Preloaded into a program, this makes its disk go wrong: writes and syncs of chosen files fail, and a
 * journal tells what a loss of power would take back.
 *
 *   DISK_WATCHED  a directory; the SQLite files in it are watched
 *   DISK_JOURNAL  a directory for the journals, one for each watched file, named as that is
 *   DISK_FAULT    <sync|write>:<suffix of the file's name>:<which call, from 1>:<errno>:<calls that fail>
 *
 * Each write goes into the journal with what it replaces: u64 offset, u32 bytes written, u32 bytes there
 * before, those bytes; all little-endian. A sync that succeeds empties the journal. After a sync that failed
 * it is never emptied again, by whatever process: the kernel may have dropped the pages, though they can
 * still be read, and a later sync says nothing of them (Rebello et al., "Can Applications Recover from fsync
 * Failures?", USENIX ATC 2020). From then on syncs are entries too: without bytes, with the offset
 * UINT64_MAX for one that failed and UINT64_MAX - 1 for one that succeeded. A file that is removed or cut
 * short begins anew: SQLite does either only when nothing depends on what the file held.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum operation { OPERATION_WRITE, OPERATION_SYNC };

struct file {
  char path[PATH_MAX];
  int journal;
  int failed_sync;
};

static struct file files[16];
static size_t file_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long calls;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void find_real_functions(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
}

static const uint64_t sync_failed = UINT64_MAX, sync_succeeded = UINT64_MAX - 1;

struct head {
  uint64_t offset;
  uint32_t size, before;
};

static int ends_with(const char *text, const char *suffix) {
  size_t length = strlen(text), tail = strlen(suffix);
  return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

/* Whether a process before this one has left a failed sync in the journal. */
static int has_failed_sync(const char *journal) {
  FILE *entries = fopen(journal, "rb");
  struct head head;
  int found = 0;
  if (entries == NULL) return 0;
  while (!found && fread(&head, sizeof head, 1, entries) == 1) {
    found = head.offset == sync_failed;
    if (fseek(entries, head.before, SEEK_CUR) != 0) break;
  }
  fclose(entries);
  return found;
}

/* The file of this name if it is watched. */
static struct file *watched_path(const char *path) {
  const char *directory = getenv("DISK_WATCHED");
  if (directory == NULL) return NULL;
  if (strncmp(path, directory, strlen(directory)) != 0) return NULL;
  if (!ends_with(path, ".sqlite") && !ends_with(path, ".sqlite-wal")) return NULL;
  for (size_t i = 0; i < file_count; i++)
    if (strcmp(files[i].path, path) == 0) return &files[i];
  if (file_count == sizeof files / sizeof *files) abort();
  struct file *file = &files[file_count++];
  char journal[PATH_MAX * 2];
  snprintf(journal, sizeof journal, "%s/%s", getenv("DISK_JOURNAL"), strrchr(path, '/') + 1);
  strcpy(file->path, path);
  file->journal = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0600);
  file->failed_sync = has_failed_sync(journal);
  if (file->journal < 0) abort();
  return file;
}

/* The file behind a descriptor if it is watched. */
static struct file *watched(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NULL;
  path[length] = '\0';
  return watched_path(path);
}

/* The errno that this call is to fail with, or 0. */
static int fault(enum operation operation, const struct file *file) {
  char kind[8], suffix[64];
  long first, count;
  int code;
  const char *wanted = getenv("DISK_FAULT");
  if (wanted == NULL) return 0;
  if (sscanf(wanted, "%7[a-z]:%63[^:]:%ld:%d:%ld", kind, suffix, &first, &code, &count) != 5) abort();
  if ((strcmp(kind, "sync") == 0) != (operation == OPERATION_SYNC)) return 0;
  if (!ends_with(file->path, suffix)) return 0;
  calls++;
  return calls >= first && calls < first + count ? code : 0;
}

static void note(struct file *file, int descriptor, uint64_t offset, size_t size) {
  struct head head = {offset, (uint32_t)size, 0};
  char *entry = malloc(sizeof head + size);
  if (entry == NULL) abort();
  if (size > 0) {
    ssize_t found = pread(descriptor, entry + sizeof head, size, (off_t)offset);
    head.before = found < 0 ? 0 : (uint32_t)found;
  }
  memcpy(entry, &head, sizeof head);
  size_t length = sizeof head + head.before;
  if (real_write(file->journal, entry, length) != (ssize_t)length) abort();
  free(entry);
}

static ssize_t faulty_write(struct file *file, int descriptor, const void *bytes, size_t size, off_t offset) {
  int code = fault(OPERATION_WRITE, file);
  if (code != 0) {
    /* Half of it may still reach the file before the disk says no. */
    size_t half = size / 2;
    if (half > 0 && calls % 2 == 0) {
      note(file, descriptor, (uint64_t)offset, half);
      return real_pwrite(descriptor, bytes, half, offset);
    }
    errno = code;
    return -1;
  }
  note(file, descriptor, (uint64_t)offset, size);
  return real_pwrite(descriptor, bytes, size, offset);
}

static int faulty_sync(struct file *file, int descriptor, int (*sync)(int)) {
  int code = fault(OPERATION_SYNC, file);
  if (code != 0) {
    file->failed_sync = 1;
    note(file, descriptor, sync_failed, 0);
    errno = code;
    return -1;
  }
  int result = sync(descriptor);
  if (result != 0) return result;
  if (file->failed_sync) note(file, descriptor, sync_succeeded, 0);
  else if (real_ftruncate(file->journal, 0) != 0) abort();
  return 0;
}

static void begin_anew(struct file *file) {
  file->failed_sync = 0;
  if (real_ftruncate(file->journal, 0) != 0) abort();
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off_t offset) {
  pthread_mutex_lock(&lock);
  struct file *file = watched(descriptor);
  ssize_t result = file == NULL ? real_pwrite(descriptor, bytes, size, offset)
                                : faulty_write(file, descriptor, bytes, size, offset);
  int code = errno;
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
  return pwrite64(descriptor, bytes, size, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
  pthread_mutex_lock(&lock);
  struct file *file = watched(descriptor);
  ssize_t result;
  if (file == NULL) {
    pthread_mutex_unlock(&lock);
    return real_write(descriptor, bytes, size);
  }
  off_t offset = lseek(descriptor, 0, SEEK_CUR);
  result = faulty_write(file, descriptor, bytes, size, offset);
  int code = errno;
  if (result > 0) lseek(descriptor, offset + result, SEEK_SET);
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}

int fsync(int descriptor) {
  pthread_mutex_lock(&lock);
  struct file *file = watched(descriptor);
  int result = file == NULL ? 0 : faulty_sync(file, descriptor, real_fsync);
  int code = errno;
  pthread_mutex_unlock(&lock);
  if (file == NULL) return real_fsync(descriptor);
  errno = code;
  return result;
}

int fdatasync(int descriptor) {
  pthread_mutex_lock(&lock);
  struct file *file = watched(descriptor);
  int result = file == NULL ? 0 : faulty_sync(file, descriptor, real_fdatasync);
  int code = errno;
  pthread_mutex_unlock(&lock);
  if (file == NULL) return real_fdatasync(descriptor);
  errno = code;
  return result;
}

int ftruncate64(int descriptor, off_t size) {
  pthread_mutex_lock(&lock);
  struct file *file = watched(descriptor);
  if (file != NULL && size < lseek(descriptor, 0, SEEK_END)) begin_anew(file);
  pthread_mutex_unlock(&lock);
  return real_ftruncate(descriptor, size);
}

int ftruncate(int descriptor, off_t size) {
  return ftruncate64(descriptor, size);
}

int unlink(const char *path) {
  pthread_mutex_lock(&lock);
  struct file *file = watched_path(path);
  if (file != NULL) begin_anew(file);
  pthread_mutex_unlock(&lock);
  return real_unlink(path);
}
