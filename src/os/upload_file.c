#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* st_mtimespec */
#endif
#include "os/upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/standard.h"

#ifdef __APPLE__
#define MTIME(s) ((s).st_mtimespec)
#else
#define MTIME(s) ((s).st_mtim)
#endif

struct upload {
    struct b24_source source; /* first: a source is its upload */
    int fd;
    struct timespec written;
    char path[];
};

static bool cannot_open(const char *path, struct b24_fault *fault) {
    if (errno == ENOENT || errno == ENOTDIR)
        return b24_fail(fault, B24_CONFIG, "NO_FILE", NULL, "%s does not exist", path);
    if (errno == EMFILE || errno == ENFILE)
        return b24_fail(fault, B24_CONFIG, "TOO_MANY_OPEN_FILES", NULL,
                        "%s cannot be opened: too many open files", path);
    return b24_fail(fault, B24_CONFIG, "FILE_UNREADABLE", NULL, "%s cannot be read: %s", path,
                    strerror(errno));
}

static bool not_a_file(const char *path, const char *what, struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "NOT_A_FILE",
                    "A file is sent with its length before it: what a pipe or a device has to say "
                    "goes into a file first.",
                    "%s %s", path, what);
}

/* As files in /proc do. */
static bool hides_its_length(int fd, const struct stat *s) {
    char byte;
    return s->st_size == 0 && pread(fd, &byte, 1, 0) == 1;
}

static bool changed(const struct upload *u, struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "FILE_CHANGED",
                    "Send it when nothing writes to it any more; the portal has not received a "
                    "whole request.",
                    "%s was changed while it was being sent", u->path);
}

static bool same(const struct upload *u) {
    struct stat now;
    return fstat(u->fd, &now) == 0 && (uint64_t)now.st_size == u->source.size &&
           MTIME(now).tv_sec == u->written.tv_sec && MTIME(now).tv_nsec == u->written.tv_nsec;
}

/* False, errno 0: it ends before. */
static bool read_all(int fd, uint64_t at, char *to, size_t n) {
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = 0;
        if (got <= 0) return false;
        at += (uint64_t)got;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

static bool upload_read(struct b24_source *source, uint64_t at, char *to, size_t n,
                        struct b24_fault *fault) {
    const struct upload *u = (const struct upload *)(const void *)source;
    if (!read_all(u->fd, at, to, n))
        return errno == 0 ? changed(u, fault) : cannot_open(u->path, fault);
    /* At its beginning: an earlier attempt may be seconds ago. At its end: for all of it. */
    return (at > 0 && at + n < source->size) || same(u) || changed(u, fault);
}

static void upload_free(struct b24_source *source) {
    struct upload *u = (struct upload *)(void *)source;
    close(u->fd);
    free(u);
}

static struct b24_source *new_upload(int fd, const char *path, const struct stat *s) {
    size_t n = strlen(path) + 1;
    struct upload *u = calloc(1, sizeof *u + n);
    if (u == NULL) return NULL;
    u->source = (struct b24_source){(uint64_t)s->st_size, upload_read, upload_free};
    u->fd = fd;
    u->written = MTIME(*s);
    memcpy(u->path, path, n);
    return (struct b24_source *)(void *)u;
}

struct b24_source *b24_upload_open(const char *path, struct b24_fault *fault) {
    struct stat s;
    /* O_NONBLOCK: a named pipe has nobody who writes. */
    int fd = b24_above_standard(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct b24_source *source = NULL;
    if (fd < 0 || fstat(fd, &s) != 0) (void)cannot_open(path, fault);
    else if (S_ISDIR(s.st_mode)) (void)not_a_file(path, "is a directory", fault);
    else if (!S_ISREG(s.st_mode)) (void)not_a_file(path, "is no regular file", fault);
    else if (hides_its_length(fd, &s)) (void)not_a_file(path, "does not tell its length", fault);
    else if ((source = new_upload(fd, path, &s)) == NULL)
        b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    if (source == NULL && fd >= 0) close(fd);
    return source;
}
