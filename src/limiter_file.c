#define _POSIX_C_SOURCE 200809L
#include "limiter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime_dir.h"

/* Bytes of any value are a legal page: garbage is an absurd arrival time, which the limiter takes for an empty bucket.
 */
struct b24_limiter_page {
    b24_cell arrival;
    _Atomic uint64_t boot; /* which boot's clock `arrival` is of; 0: not known */
};

#define PAGE_BYTES sizeof(struct b24_limiter_page)

/* The monotonic clock restarts with the machine, so the file must know whose clock it shows. Linux only; elsewhere only
   absurd times are recognised. */
static uint64_t boot_id(void) {
    char text[64] = "";
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < n; i++) hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return n > 0 ? hash : 0;
}

/* "https://portal.example:8443" -> DIR/limiter-portal.example_8443 */
static bool file_name(char out[B24_DIR_MAX], const char *dir, const char *origin) {
    const char *host = strstr(origin, "://");
    int n = snprintf(out, B24_DIR_MAX, "%s/limiter-%s", dir, host != NULL ? host + 3 : origin);
    if (n < 0 || n >= B24_DIR_MAX) return false;
    for (char *p = out + strlen(dir) + 1; *p != '\0'; p++)
        if (strchr(":/[]", *p) != NULL) *p = '_';
    return true;
}

/* Gives the file its bytes, allocated and not only extended: on a full disk a page without a block behind it would
   raise SIGBUS. */
static bool fill(int fd) {
#if defined(__APPLE__) /* has no posix_fallocate */
    static const char zeros[PAGE_BYTES];
    return pwrite(fd, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros;
#else
    errno = posix_fallocate(fd, 0, (off_t)PAGE_BYTES);
    return errno == 0;
#endif
}

/* Still there, and long enough? */
static bool whole(int fd) {
    struct stat s;
    if (fstat(fd, &s) != 0 || s.st_nlink == 0) return false;
    return s.st_size >= (off_t)PAGE_BYTES || fill(fd);
}

/* Nobody may slip us a file that he can truncate, or one of ours under another name. */
static bool acceptable(int fd, const struct b24_runtime_dir *dir) {
    struct stat s;
    errno = EPERM;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || s.st_nlink != 1) return false;
    return s.st_uid == geteuid() || (dir->shared && s.st_gid == dir->group);
}

static bool fail(struct b24_limiter_file *file, struct b24_fault *fault, const char *path, const char *what) {
    int why = errno;
    b24_limiter_close(file);
    return b24_fail(fault, B24_CONFIG, "LIMITER_NOT_SHARED", NULL,
                    "%s cannot be %s (%s): counting in this process only", path, what, strerror(why));
}

/* A new file, or the one that is there. */
static int open_file(const char *path, const struct b24_runtime_dir *dir) {
    const int how = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, how | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return errno == EEXIST ? open(path, how) : -1;
    if (dir->shared && fchown(fd, (uid_t)-1, dir->group) == 0) (void)fchmod(fd, 0660);
    return fd;
}

static bool map(struct b24_limiter_file *file) {
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
    if (page == MAP_FAILED) return false;
    file->page = page;
    uint64_t boot = boot_id(), seen = atomic_load(&file->page->boot);
    if (boot != seen && atomic_compare_exchange_strong(&file->page->boot, &seen, boot))
        atomic_store(&file->page->arrival, 0);
    return true;
}

bool b24_limiter_open(struct b24_limiter_file *file, const char *named, const char *origin, struct b24_fault *fault) {
    struct b24_runtime_dir dir;
    char path[B24_DIR_MAX];
    *file = (struct b24_limiter_file){.fd = -1};
    if (!b24_runtime_dir(named, &dir, fault)) return false;
    if (!file_name(path, dir.path, origin)) return fail(file, fault, origin, "named");
    file->fd = open_file(path, &dir);
    if (file->fd < 0) return fail(file, fault, path, "opened");
    if (!acceptable(file->fd, &dir)) return fail(file, fault, path, "trusted");
    if (!whole(file->fd)) return fail(file, fault, path, "given its 16 bytes");
    if (!map(file)) return fail(file, fault, path, "mapped");
    return true;
}

b24_cell *b24_limiter_cell(struct b24_limiter_file *file) {
    if (file->page == NULL || !whole(file->fd)) return NULL;
    return &file->page->arrival;
}

void b24_limiter_close(struct b24_limiter_file *file) {
    if (file->page != NULL) munmap(file->page, PAGE_BYTES);
    if (file->fd >= 0) close(file->fd);
    *file = (struct b24_limiter_file){.fd = -1};
}
