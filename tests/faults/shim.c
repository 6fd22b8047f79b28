/*
 * A disk that fails when it is told to. Loaded by LD_PRELOAD into a process, it stands in for the calls that read,
 * write, cut, sync, rename and remove files whose path begins with SHIM_PREFIX.
 *
 * SHIM_CONTROL  a file of six 64-bit numbers, which the test writes and reads while the process runs:
 *               which kinds of calls count (bits below); what happens: an errno, or -1 for SIGKILL; how many calls are
 *               left to pass; how many are left to fail after them; how many have failed; how many calls there were
 * SHIM_COPIES   a folder: of each file that is synced, the content at that moment, under its inode's number
 *
 * A write that fails, or is killed, has written its first half. A sync that fails loses everything since the last one
 * that did not, as Linux does: the file has again the content of that one. No sync really goes to the disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, READ = 4, CUT = 8, NAME = 16 };
enum { KINDS, WHAT, PASS, FAIL, FAILED, SEEN, NUMBERS };

#define REAL(result, name, ...)                                             \
    static result (*real_##name)(__VA_ARGS__);                              \
    __attribute__((constructor)) static void find_##name(void)              \
    {                                                                       \
        *(void **)&real_##name = dlsym(RTLD_NEXT, #name);                   \
    }

REAL(ssize_t, read, int, void *, size_t)
REAL(ssize_t, pread, int, void *, size_t, off_t)
REAL(ssize_t, pread64, int, void *, size_t, off_t)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off_t)
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned)
REAL(int, ftruncate, int, off_t)
REAL(int, ftruncate64, int, off_t)
REAL(int, rename, const char *, const char *)
REAL(int, unlink, const char *)

static void broken(const char *what)
{
    fprintf(stderr, "shim: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static int64_t *control(void)
{
    static int64_t *numbers;
    if (numbers == NULL) {
        const char *path = getenv("SHIM_CONTROL");
        int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
        void *mapped = mmap(NULL, NUMBERS * sizeof *numbers, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd < 0 || mapped == MAP_FAILED)
            broken("no control file");
        close(fd);
        numbers = mapped;
    }
    return numbers;
}

static int is_watched(const char *path)
{
    const char *prefix = getenv("SHIM_PREFIX");
    return prefix != NULL && strncmp(path, prefix, strlen(prefix)) == 0;
}

static int is_watched_file(int fd)
{
    char link[64], path[PATH_MAX];
    ssize_t length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return is_watched(path);
}

/* Whether this call is to fail; errno says how. 2 when the process is to be killed. */
static int fails(int kind)
{
    int64_t *numbers = control(), what;
    if ((numbers[KINDS] & kind) == 0)
        return 0;
    __atomic_add_fetch(&numbers[SEEN], 1, __ATOMIC_SEQ_CST);
    if (__atomic_sub_fetch(&numbers[PASS], 1, __ATOMIC_SEQ_CST) >= 0)
        return 0;
    if (__atomic_sub_fetch(&numbers[FAIL], 1, __ATOMIC_SEQ_CST) < 0)
        return 0;
    __atomic_add_fetch(&numbers[FAILED], 1, __ATOMIC_SEQ_CST);
    what = numbers[WHAT];
    errno = what > 0 ? (int)what : 0;
    return what > 0 ? 1 : 2;
}

static int ends(int how)
{
    if (how == 2)
        kill(getpid(), SIGKILL);
    return -1;
}

/* ---- reading and writing ---- */

ssize_t read(int fd, void *to, size_t count)
{
    int how = is_watched_file(fd) ? fails(READ) : 0;
    return how ? ends(how) : real_read(fd, to, count);
}

ssize_t pread(int fd, void *to, size_t count, off_t at)
{
    int how = is_watched_file(fd) ? fails(READ) : 0;
    return how ? ends(how) : real_pread(fd, to, count, at);
}

ssize_t pread64(int fd, void *to, size_t count, off_t at)
{
    int how = is_watched_file(fd) ? fails(READ) : 0;
    return how ? ends(how) : real_pread64(fd, to, count, at);
}

static int torn(int how, ssize_t written)
{
    int error = errno;
    (void)written;
    errno = error;
    return ends(how);
}

ssize_t write(int fd, const void *from, size_t count)
{
    int how = is_watched_file(fd) ? fails(WRITE) : 0, error = errno;
    if (!how)
        return real_write(fd, from, count);
    how = torn(how, real_write(fd, from, count / 2));
    errno = error;
    return how;
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at)
{
    int how = is_watched_file(fd) ? fails(WRITE) : 0, error = errno;
    if (!how)
        return real_pwrite(fd, from, count, at);
    how = torn(how, real_pwrite(fd, from, count / 2, at));
    errno = error;
    return how;
}

ssize_t pwrite64(int fd, const void *from, size_t count, off_t at)
{
    int how = is_watched_file(fd) ? fails(WRITE) : 0, error = errno;
    if (!how)
        return real_pwrite64(fd, from, count, at);
    how = torn(how, real_pwrite64(fd, from, count / 2, at));
    errno = error;
    return how;
}

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t count, unsigned flags)
{
    int how = is_watched_file(to) ? fails(WRITE) : 0;
    return how ? ends(how) : real_copy_file_range(from, from_at, to, to_at, count, flags);
}

int ftruncate(int fd, off_t length)
{
    int how = is_watched_file(fd) ? fails(CUT) : 0;
    return how ? ends(how) : real_ftruncate(fd, length);
}

int ftruncate64(int fd, off_t length)
{
    int how = is_watched_file(fd) ? fails(CUT) : 0;
    return how ? ends(how) : real_ftruncate64(fd, length);
}

/* ---- names ---- */

int rename(const char *from, const char *to)
{
    int how = is_watched(from) ? fails(NAME) : 0;
    return how ? ends(how) : real_rename(from, to);
}

int unlink(const char *path)
{
    int how = is_watched(path) ? fails(NAME) : 0;
    return how ? ends(how) : real_unlink(path);
}

/* ---- syncing ---- */

static int copy_of(int fd, int flags)
{
    char path[PATH_MAX];
    struct stat found;
    const char *folder = getenv("SHIM_COPIES");
    if (folder == NULL || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        return -1;
    snprintf(path, sizeof path, "%s/%llu", folder, (unsigned long long)found.st_ino);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void pour(int from, int to)
{
    char buffer[65536];
    off_t at = 0;
    ssize_t count;
    while ((count = real_pread(from, buffer, sizeof buffer, at)) > 0) {
        if (real_pwrite(to, buffer, (size_t)count, at) != count)
            broken("cannot copy");
        at += count;
    }
    if (count < 0 || real_ftruncate(to, at) != 0)
        broken("cannot copy");
}

/* Of a file that SQLite has open no second descriptor may be closed: its locks would go. Its own are for both ways. */
static int both_ways(int fd)
{
    char link[64];
    int own;
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)
        return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if ((own = open(link, O_RDWR | O_CLOEXEC)) < 0)
        broken("cannot open");
    return own;
}

static int synced(int fd)
{
    int how, copy, own, error;
    if (!is_watched_file(fd))
        return 0;
    how = fails(SYNC);
    error = errno;
    if (how != 2 && (copy = copy_of(fd, O_RDWR | O_CREAT)) >= 0) {
        own = both_ways(fd);
        if (how)
            pour(copy, own);
        else
            pour(own, copy);
        if (own != fd)
            close(own);
        close(copy);
    }
    errno = error;
    return how ? ends(how) : 0;
}

int fsync(int fd)
{
    return synced(fd);
}

int fdatasync(int fd)
{
    return synced(fd);
}
