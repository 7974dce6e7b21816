/*
 * A library to be preloaded: every sync of a file takes SYNC_DELAY_MS longer, and so does every write to a file that was
 * opened with O_SYNC or O_DSYNC.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 65536
static unsigned char synchronous[FILES_MAX];

static void delay(void) {
  static long milliseconds = -1;
  if (milliseconds < 0) {
    const char *text = getenv("SYNC_DELAY_MS");
    milliseconds = text == NULL ? 0 : atol(text);
  }
  struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (milliseconds > 0 && nanosleep(&left, &left) != 0) continue;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(int file, int flags) {
  if (file >= 0 && file < FILES_MAX) synchronous[file] = (flags & O_DSYNC) != 0;
  return file;
}

static ssize_t written(int file, ssize_t result) {
  if (file >= 0 && file < FILES_MAX && synchronous[file]) delay();
  return result;
}

#define MODE_OF(flags, mode)                        \
  mode_t mode = 0;                                  \
  if (((flags)&O_CREAT) || ((flags)&O_TMPFILE)) {   \
    va_list rest;                                   \
    va_start(rest, flags);                          \
    mode = va_arg(rest, mode_t);                    \
    va_end(rest);                                   \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(REAL(open)(path, flags, mode), flags);
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(REAL(open64)(path, flags, mode), flags);
}

int openat(int folder, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(REAL(openat)(folder, path, flags, mode), flags);
}

int openat64(int folder, const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return opened(REAL(openat64)(folder, path, flags, mode), flags);
}

int close(int file) {
  if (file >= 0 && file < FILES_MAX) synchronous[file] = 0;
  return REAL(close)(file);
}

int fsync(int file) {
  delay();
  return REAL(fsync)(file);
}

int fdatasync(int file) {
  delay();
  return REAL(fdatasync)(file);
}

int sync_file_range(int file, off64_t offset, off64_t bytes, unsigned int flags) {
  delay();
  return REAL(sync_file_range)(file, offset, bytes, flags);
}

int msync(void *address, size_t length, int flags) {
  delay();
  return REAL(msync)(address, length, flags);
}

ssize_t write(int file, const void *bytes, size_t count) {
  return written(file, REAL(write)(file, bytes, count));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return written(file, REAL(pwrite)(file, bytes, count, offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  return written(file, REAL(pwrite64)(file, bytes, count, offset));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  return written(file, REAL(writev)(file, parts, count));
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
  return written(file, REAL(pwritev)(file, parts, count, offset));
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
  return written(file, REAL(pwritev64)(file, parts, count, offset));
}
