/*
 * Makes visible what a power cut would leave. Loaded by LD_PRELOAD into a process, it stands in for fsync and
 * fdatasync: of a file that is synced, the present content goes to FILE.synced; of a directory, each name in it is
 * noted as FILE.named. What has no such copy, or changed after it, a power cut may take.
 *
 * SHIM_LOG    a file that gets one line for each sync: `sync PATH`
 * SHIM_IGNORE if set, syncs are noted in the log and do nothing: a disk that lies
 *
 * Nothing is really synced: the disk is not what is tested.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void broken(const char *what, const char *path)
{
    fprintf(stderr, "shim: %s %s: %s\n", what, path, strerror(errno));
    _exit(70);
}

/* One write at the end of the log, so that lines stay whole and in order. */
static void note(const char *path)
{
    char line[PATH_MAX + 8];
    const char *log = getenv("SHIM_LOG");
    int length = snprintf(line, sizeof line, "sync %s\n", path);
    int fd;
    if (log == NULL)
        return;
    fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        broken("cannot note", path);
    close(fd);
}

/* The copy takes its place by rename: a kill in between leaves the one before, as a sync that did not end does. */
static void keep(const char *path)
{
    char half[PATH_MAX], whole[PATH_MAX], buffer[65536];
    ssize_t count;
    int from, to;
    snprintf(half, sizeof half, "%.*s.copying", (int)sizeof half - 16, path);
    snprintf(whole, sizeof whole, "%.*s.synced", (int)sizeof whole - 16, path);
    from = open(path, O_RDONLY | O_CLOEXEC);
    to = open(half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (from < 0 || to < 0)
        broken("cannot copy", path);
    while ((count = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, (size_t)count) != count)
            broken("cannot copy", path);
    close(to);
    close(from);
    if (count < 0 || rename(half, whole) != 0)
        broken("cannot copy", path);
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), short_length = strlen(end);
    return length >= short_length && strcmp(text + length - short_length, end) == 0;
}

static void keep_names(const char *path)
{
    char named[2 * PATH_MAX];
    struct dirent *entry;
    DIR *directory = opendir(path);
    if (directory == NULL)
        broken("cannot read", path);
    while ((entry = readdir(directory)) != NULL) {
        const char *name = entry->d_name;
        int fd;
        if (name[0] == '.' || ends_with(name, ".synced") || ends_with(name, ".named") || ends_with(name, ".copying"))
            continue;
        snprintf(named, sizeof named, "%s/%s.named", path, name);
        fd = open(named, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            broken("cannot note", named);
        close(fd);
    }
    closedir(directory);
}

static int synced(int fd)
{
    char link[64], path[PATH_MAX];
    struct stat found;
    ssize_t length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &found) != 0)
        return -1;
    path[length] = '\0';
    note(path);
    if (getenv("SHIM_IGNORE") != NULL)
        return 0;
    if (S_ISDIR(found.st_mode))
        keep_names(path);
    else
        keep(path);
    return 0;
}

int fsync(int fd)
{
    return synced(fd);
}

int fdatasync(int fd)
{
    return synced(fd);
}
