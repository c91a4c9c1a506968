#define _POSIX_C_SOURCE 200809L
#include "os/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/standard.h"

#define NAME_MAX_BYTES 1100

static bool fail(const char *path, struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "CANNOT_WRITE", NULL, "%s cannot be written: %s", path,
                    strerror(errno));
}

/* The folders above `path`. */
static bool make_folders(char *path) {
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/') continue;
        *p = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = '/';
        if (!ok) return false;
    }
    return true;
}

bool b24_private_folders(const char *path) {
    char name[NAME_MAX_BYTES];
    int n = snprintf(name, sizeof name, "%s", path);
    return n > 0 && (size_t)n < sizeof name && make_folders(name);
}

static bool write_all(int fd, struct b24_view bytes) {
    size_t n = 0;
    while (n < bytes.n) {
        ssize_t put = write(fd, bytes.p + n, bytes.n - n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        n += (size_t)put;
    }
    return fsync(fd) == 0 || errno == EINVAL; /* some file systems know no fsync */
}

bool b24_private_write(const char *path, struct b24_view bytes, struct b24_fault *fault) {
    char name[NAME_MAX_BYTES];
    int n = snprintf(name, sizeof name, "%s.XXXXXX", path);
    if (path[0] != '/' || n < 0 || (size_t)n >= sizeof name) {
        errno = ENAMETOOLONG;
        return fail(path, fault);
    }
    if (!make_folders(name)) return fail(path, fault);
    /* 0600, and nobody else's; mkostemp is not everywhere */
    int fd = b24_above_standard(mkstemp(name));
    if (fd < 0) return fail(path, fault);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    bool ok = write_all(fd, bytes);
    ok = close(fd) == 0 && ok;
    ok = ok && rename(name, path) == 0;
    if (ok) return true;
    int why = errno;
    unlink(name);
    errno = why;
    return fail(path, fault);
}
