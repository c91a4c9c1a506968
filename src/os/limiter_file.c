#define _DEFAULT_SOURCE /* flock */
#define _DARWIN_C_SOURCE
#include "os/limiter_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/process.h"
#include "os/standard.h"

#define PAGE_BYTES sizeof(struct b24_limiter_page)

#define TRY_AGAIN                                                                                  \
    5000 /* ms between attempts to share what could not be shared: a few system calls each */

/* Locks are held for microseconds. Who holds one so long was stopped, or means harm. */
#define PATIENCE 300 /* ms */

enum look { GOOD, BUSY, LOST, FAILED };

/* ------------------------------------------------------------ whose clock */

/* The monotonic clock restarts with the machine, so the file must know whose clock it shows. Linux
   only; elsewhere only absurd times are recognised. */
static uint64_t boot_id(void) {
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    return n > 0 ? b24_hash(B24_HASH_START, text, (size_t)n) : 0;
}

/* A home may be shared by machines, each with a clock of its own. Who wrote this file after we
   booted, by another boot's clock, is such a machine; who wrote it before has gone, or will see
   that the file is ours now and make its own. */
static bool foreign(const struct b24_limiter_file *f, uint64_t boot, const struct stat *s) {
    if (boot == f->boot || boot == 0 || f->boot == 0) return false;
    return s->st_mtime > time(NULL) - (time_t)(b24_clock_boot() / 1000);
}

/* ------------------------------------------------------------ opening */

static bool fail(struct b24_limiter_file *f, const char *what, const char *why) {
    b24_limiter_file_close(f);
    return b24_fail(&f->trouble, B24_CONFIG, "LIMITER_NOT_SHARED", NULL,
                    "%s cannot be %s (%s): counting in this process only", f->path, what, why);
}

static enum look failed(struct b24_limiter_file *f, const char *what) {
    (void)fail(f, what, strerror(errno));
    return FAILED;
}

/* "https://portal.example:8443" -> DIR/limiter-portal.example_8443, and @RATE-BURST for a stricter
 * conf's. */
static bool name_file(struct b24_limiter_file *f, const char *dir) {
    const struct b24_limiter_where *w = &f->where;
    const char *host = strstr(w->origin, "://");
    char own[48] = "";
    if (w->own.rate > 0) snprintf(own, sizeof own, "@%.6g-%d", w->own.rate, w->own.burst);
    int n = snprintf(f->path, B24_DIR_MAX, "%s/limiter-%s%s", dir,
                     host != NULL ? host + 3 : w->origin, own);
    if (n < 0 || n >= B24_DIR_MAX - 20) return false; /* room for a boot's name */
    for (char *p = f->path + strlen(dir) + 1; *p != '\0'; p++)
        if (strchr(":/[]", *p) != NULL) *p = '_';
    return true;
}

/* Gives the file its bytes, allocated and not only extended: on a full disk a page without a block
   after it would raise SIGBUS. */
static bool fill(int fd) {
#if defined(__APPLE__) /* has no posix_fallocate */
    static const char zeros[PAGE_BYTES];
    return pwrite(fd, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros;
#else
    errno = posix_fallocate(fd, 0, (off_t)PAGE_BYTES);
    return errno == 0;
#endif
}

/* A new file, or the one that is there. */
static int open_file(const char *path, const struct b24_runtime_dir *dir) {
    const int how = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = b24_above_standard(open(path, how | O_CREAT | O_EXCL, 0600));
    if (fd < 0) return errno == EEXIST ? b24_above_standard(open(path, how)) : -1;
    if (dir->shared && fchown(fd, (uid_t)-1, dir->group) == 0) (void)fchmod(fd, 0660);
    return fd;
}

static bool others_write(const struct stat *s) {
    return s->st_uid != geteuid() || (s->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* In a folder of a group even a file that is private at the moment: whoever made it may be about to
   give it to the group, or to write it anew. */
static bool may_be_cut(const struct b24_limiter_file *f, const struct stat *s) {
    return f->shared || others_write(s);
}

/* Nobody may slip us a file of his, or one of ours under another name. */
static bool acceptable(const struct stat *s, const struct b24_runtime_dir *dir) {
    errno = EPERM;
    if (!S_ISREG(s->st_mode) || s->st_nlink != 1) return false;
    return s->st_uid == geteuid() ||
           (dir->shared && s->st_gid == dir->group && (s->st_mode & S_IWGRP) != 0);
}

/* Something in a shared folder that passes: deleted between two looks, or made a moment ago and not
 * yet the group's. */
static bool passing(const struct b24_runtime_dir *dir) {
    return errno == ENOENT || (dir->shared && (errno == EACCES || errno == EPERM));
}

/* Opens f->path. LOST: it is another machine's. */
static enum look open_path(struct b24_limiter_file *f, const struct b24_runtime_dir *dir,
                           bool take_over) {
    struct stat s = {0};
    uint64_t boot = 0;
    f->fd = open_file(f->path, dir);
    if (f->fd < 0) return passing(dir) ? BUSY : failed(f, "opened");
    if (fstat(f->fd, &s) != 0 || !acceptable(&s, dir))
        return s.st_nlink == 0 || (S_ISREG(s.st_mode) && passing(dir)) ? BUSY
                                                                       : failed(f, "trusted");
    if (pread(f->fd, &boot, sizeof boot, offsetof(struct b24_limiter_page, boot)) !=
        (ssize_t)sizeof boot)
        boot = 0;
    if (!take_over && foreign(f, boot, &s)) return LOST;
    f->shared = dir->shared;
    f->locked = may_be_cut(f, &s);
    if (s.st_size < (off_t)PAGE_BYTES && !fill(f->fd)) return failed(f, "given its bytes");
    f->process = b24_process();
    if (f->locked) return GOOD;
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    if (page == MAP_FAILED) return failed(f, "mapped");
    f->page = page;
    boot = atomic_load(&f->page->boot);
    if (boot == f->boot || !atomic_compare_exchange_strong(&f->page->boot, &boot, f->boot))
        return GOOD;
    atomic_store(&f->page->first, 0);
    atomic_store(&f->page->second, 0);
    (void)futimens(f->fd, NULL); /* a mapping's writes may not show in it */
    return GOOD;
}

static enum look open_page(struct b24_limiter_file *f) {
    struct b24_runtime_dir dir;
    b24_limiter_file_close(f);
    f->path[0] = '\0';
    if (!b24_runtime_dir(f->where.dir, &dir, &f->trouble)) return FAILED;
    snprintf(f->path, sizeof f->path, "%s", f->where.origin);
    errno = ENAMETOOLONG;
    if (!name_file(f, dir.path)) return failed(f, "named");
    f->boot = boot_id();
    f->behind = true;
    enum look look = open_path(f, &dir, false);
    if (look == LOST) { /* one more for this machine, until it reboots */
        size_t n = strlen(f->path);
        b24_limiter_file_close(f);
        snprintf(f->path + n, sizeof f->path - n, ".%016" PRIx64, f->boot);
        look = open_path(f, &dir, true);
    }
    if (look == BUSY) b24_limiter_file_close(f);
    return look;
}

/* ------------------------------------------------------------ a look before each use */

/* Still the file of that name, and of the same kind? */
static bool in_place(struct b24_limiter_file *f, struct stat *s) {
    struct stat named;
    if (fstat(f->fd, s) != 0 || s->st_nlink == 0 || f->locked != may_be_cut(f, s)) return false;
    return !f->locked ||
           (lstat(f->path, &named) == 0 && named.st_ino == s->st_ino && named.st_dev == s->st_dev);
}

static enum look look_mapped(struct b24_limiter_file *f) {
    struct stat s;
    if (!in_place(f, &s) || (s.st_size < (off_t)PAGE_BYTES && !fill(f->fd))) return LOST;
    uint64_t boot = atomic_load(&f->page->boot);
    if (boot == 0) atomic_store(&f->page->boot, boot = f->boot); /* it was cut */
    if (boot != f->boot) return LOST;
    f->taken = f->page;
    return GOOD;
}

static void unlock(struct b24_limiter_file *f) { (void)flock(f->fd, LOCK_UN); }

static enum look look_locked(struct b24_limiter_file *f) {
    struct stat s;
    if (f->process != b24_process()) return LOST;
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK || errno == EINTR ? BUSY : LOST;
    memset(&f->copy, 0, sizeof f->copy);
    bool good = in_place(f, &s) && pread(f->fd, &f->copy, PAGE_BYTES, 0) >= 0;
    uint64_t boot = atomic_load(&f->copy.boot);
    if (!good || foreign(f, boot, &s)) {
        unlock(f);
        return LOST;
    }
    if (boot != f->boot) memset(&f->copy, 0, sizeof f->copy);
    atomic_store(&f->copy.boot, f->boot);
    f->taken = &f->copy;
    return GOOD;
}

static enum look look(struct b24_limiter_file *f) {
    if (f->fd < 0) return LOST;
    return f->locked ? look_locked(f) : look_mapped(f);
}

/* ------------------------------------------------------------ the keeper */

static struct b24_limiter_page *alone(struct b24_limiter_file *f, b24_ms now) {
    f->tried = now;
    f->busy_since = B24_NO_MS;
    return f->taken = &f->keeper.local;
}

static struct b24_limiter_page *busy(struct b24_limiter_file *f, b24_ms now) {
    if (f->busy_since == B24_NO_MS || now < f->busy_since) f->busy_since = now;
    if (f->trouble.kind == B24_OK && now - f->busy_since < PATIENCE) return NULL;
    (void)fail(f, "used", "another process holds it");
    return alone(f, now);
}

static struct b24_limiter_page *take(struct b24_keeper *keeper, b24_ms now) {
    struct b24_limiter_file *f = (struct b24_limiter_file *)keeper;
    bool waits = f->trouble.kind != B24_OK && now >= f->tried && now - f->tried < TRY_AGAIN;
    if (waits) return f->taken = &keeper->local;
    enum look seen = look(f);
    if (seen == LOST) {
        seen = open_page(f);
        if (seen == GOOD) seen = look(f);
        if (seen == LOST) seen = BUSY; /* it was changed once more meanwhile */
    }
    if (seen == BUSY) return busy(f, now);
    if (seen == FAILED) return alone(f, now);
    f->trouble.kind = B24_OK;
    f->busy_since = B24_NO_MS;
    if (f->behind) b24_limiter_remember(f->taken, &keeper->local);
    f->behind = false;
    return f->taken;
}

/* What the page says is kept here, too: if it is lost, this process does not begin with an empty
 * bucket. */
static void give(struct b24_keeper *keeper) {
    struct b24_limiter_file *f = (struct b24_limiter_file *)keeper;
    if (f->taken != &keeper->local) {
        atomic_store(&keeper->local.first, atomic_load(&f->taken->first));
        atomic_store(&keeper->local.second, atomic_load(&f->taken->second));
    }
    if (f->taken == &f->copy) {
        bool written = pwrite(f->fd, &f->copy, PAGE_BYTES, 0) == (ssize_t)PAGE_BYTES;
        int why = errno;
        unlock(f);
        if (!written) (void)fail(f, "written", strerror(why));
    }
    f->taken = NULL;
}

void b24_limiter_file_init(struct b24_limiter_file *f) {
    memset(f, 0, sizeof *f);
    f->keeper.take = take;
    f->keeper.give = give;
    f->fd = -1;
    f->busy_since = B24_NO_MS;
}

void b24_limiter_file_close(struct b24_limiter_file *f) {
    if (f->page != NULL) munmap(f->page, PAGE_BYTES);
    if (f->fd >= 0) close(f->fd);
    f->page = NULL;
    f->fd = -1;
}
