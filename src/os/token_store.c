#define _DEFAULT_SOURCE /* flock */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 /* realpath */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "os/token_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/process.h"
#include "os/credential.h"
#include "os/private_file.h"
#include "os/runtime_dir.h"
#include "os/standard.h"
#include "json/document.h"

#define FILE_MAX (32u << 10) /* bytes; a store has 900, its longest texts together 17,000 */

/* s: nobody renews so long, as a call lives for ten minutes at most. Who still holds the lock was
   stopped, or is a forked child that does not know of it. */
#define LOCK_OLD (B24_TIMEOUT_MAX + 60)

#define LOGIN "Run b24 login --app again."

static enum b24_store_result bad(struct b24_fault *fault, const char *path, const char *what) {
    (void)b24_fail(fault, B24_CONFIG, "BAD_FILE", LOGIN, "%s %s", path, what);
    return B24_STORE_BAD;
}

static enum b24_store_result failed(struct b24_fault *fault, const char *path) {
    (void)b24_fail(fault, B24_CONFIG, "CANNOT_WRITE", NULL,
                   "%s cannot be written, so no new tokens were asked for: %s", path,
                   strerror(errno));
    return B24_STORE_BAD;
}

/* ------------------------------------------------------------ reading */

enum content { WHOLE, USELESS, NO_MEMORY };

/* One piece of memory for all of it, so that no copy is left behind when it grows. */
static enum content read_all(int fd, char *out, size_t *n) {
    for (*n = 0; *n < FILE_MAX;) {
        ssize_t more = read(fd, out + *n, FILE_MAX - *n);
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) return more == 0 ? WHOLE : USELESS;
        *n += (size_t)more;
    }
    return read(fd, out, 1) == 0 ? WHOLE : USELESS;
}

static void wipe(void *p, size_t n) {
    for (volatile char *c = p; n > 0; n--) *c++ = '\0'; /* volatile: must not be optimised away */
}

static void wipe_tree(cJSON *item) {
    for (; item != NULL; item = item->next) {
        if (cJSON_IsString(item)) wipe(item->valuestring, strlen(item->valuestring));
        wipe_tree(item->child);
    }
}

static enum content parse(struct b24_view text, struct b24_app *out) {
    struct b24_json_error why;
    cJSON *root = b24_document_parse(text, B24_DEPTH_DEFAULT, &why);
    if (root == NULL) return why.no_memory ? NO_MEMORY : USELESS;
    bool ok = b24_app_read(root, b24_clock_wall(), out);
    wipe_tree(root);
    cJSON_Delete(root);
    ok = ok && (out->grant.access_token[0] != '\0' || out->grant.refresh_token[0] != '\0');
    return ok ? WHOLE : USELESS;
}

static enum content read_fd(int fd, struct b24_app *out) {
    size_t n = 0;
    char *text = malloc(FILE_MAX + 1);
    if (text == NULL) return NO_MEMORY;
    enum content content = read_all(fd, text, &n);
    text[n] = '\0';
    if (content == WHOLE) content = parse((struct b24_view){text, n}, out);
    wipe(text, n);
    free(text);
    return content;
}

static enum b24_store_result no_memory(struct b24_fault *fault) {
    (void)b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory for the tokens");
    return B24_STORE_BAD;
}

static enum b24_store_result trusted(int fd, const char *path, struct b24_fault *fault) {
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) return bad(fault, path, "is not a regular file");
    if (s.st_uid != geteuid()) {
        (void)b24_fail(fault, B24_CONFIG, "FOREIGN_FILE", "Only a file of your own is read.",
                       "%s belongs to another user", path);
        return B24_STORE_BAD;
    }
    if ((s.st_mode & (S_IRWXG | S_IRWXO)) == 0) return B24_STORE_OK;
    (void)b24_fail(fault, B24_CONFIG, "FILE_NOT_PRIVATE",
                   "Other users can read the tokens in it; run the command in the message.",
                   "%s can be read by others; run: chmod 600 %s", path, path);
    return B24_STORE_BAD;
}

enum b24_store_result b24_store_read(const char *path, struct b24_app *out,
                                     struct b24_fault *fault) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return B24_STORE_NONE;
    if (fd < 0) return bad(fault, path, strerror(errno));
    enum b24_store_result result = trusted(fd, path, fault);
    enum content content = result == B24_STORE_OK ? read_fd(fd, out) : WHOLE;
    if (content == USELESS) result = bad(fault, path, "has no tokens of an application in it");
    if (content == NO_MEMORY) result = no_memory(fault);
    close(fd);
    return result;
}

/* ------------------------------------------------------------ the lock */

/* With a sign that no profile's name has: app.new is the store of the profile "new". */
static bool new_name(const char *path, char out[B24_STORE_MAX + 8]) {
    int n = snprintf(out, B24_STORE_MAX + 8, "%s+new", path);
    return path[0] == '/' && n > 0 && n < B24_STORE_MAX + 8;
}

/* Is `fd` the file that others find under that name? */
static bool named(int fd, const char *name) {
    struct stat mine, found;
    return fstat(fd, &mine) == 0 && S_ISREG(mine.st_mode) && mine.st_uid == geteuid() &&
           lstat(name, &found) == 0 && found.st_ino == mine.st_ino && found.st_dev == mine.st_dev;
}

/* Has somebody given it another name, too, by a backup or by accident? */
static bool elsewhere(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 && s.st_nlink > 1;
}

static bool held(const struct b24_store_lock *lock) {
    return lock->fd >= 0 && lock->owner == b24_process();
}

static void drop(struct b24_store_lock *lock) {
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}

static int open_new(const char *path, const char *name) {
    const int how = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = b24_above_standard(open(name, how, 0600));
    if (fd < 0 && errno == ENOENT && b24_private_folders(path))
        fd = b24_above_standard(open(name, how, 0600));
    return fd;
}

/* Somebody holds a lock for longer than anybody lives: a new file gets its name. Those who think so
   do it one by one, under a lock on the folder that is held for these few lines. */
static void depose(int fd, const char *path, const char *name) {
    struct stat s;
    char folder[B24_STORE_MAX];
    if (fstat(fd, &s) != 0 || time(NULL) - s.st_mtime < LOCK_OLD) return;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
    int dir = b24_above_standard(open(folder, O_RDONLY | O_CLOEXEC));
    if (dir < 0) return;
    if (flock(dir, LOCK_EX | LOCK_NB) == 0 && named(fd, name)) (void)unlink(name);
    close(dir);
}

/* [its descriptor, locked] or -1; *busy: somebody else has it. */
static int try_lock(const char *path, const char *name, bool *busy) {
    int fd = open_new(path, name);
    *busy = false;
    if (fd < 0) return -1;
    /* Looked at under the lock: before it, another process may have put it in place, or removed
       it. */
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (locked && named(fd, name) && fchmod(fd, 0600) == 0) return fd;
    int why = errno; /* a file system without locks is not somebody else's lock */
    *busy = locked || why == EWOULDBLOCK || why == EINTR;
    if (*busy) depose(fd, path, name);
    close(fd);
    errno = why;
    return -1;
}

static bool put(int fd, const char *p, size_t n) {
    off_t at = 0;
    while (n > 0) {
        ssize_t done = pwrite(fd, p, n, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        p += done;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

/* Blank, and as long as a pair may get: what is full now would be full then. */
static bool reserve(int fd) {
    char *blanks = malloc(FILE_MAX);
    if (blanks == NULL) return false;
    memset(blanks, '\n', FILE_MAX);
    bool ok = ftruncate(fd, 0) == 0 && put(fd, blanks, FILE_MAX);
    free(blanks);
    return ok;
}

/* Did a process die after it had written the pair, and before it put it in place? NO_MEMORY: who
   knows, so it stays as it is. */
static enum content left_behind(int fd) {
    struct b24_app *left = b24_app_new();
    enum content content = left != NULL ? read_fd(fd, left) : NO_MEMORY;
    b24_app_free(left);
    return content;
}

/* Locks PATH+new, when what may have been in it is in its place. -1: `result`. */
static int lock_blank(const char *path, const char *name, enum b24_store_result *result,
                      struct b24_fault *fault) {
    bool busy = false;
    for (int i = 0; i < 2; i++) {
        int fd = try_lock(path, name, &busy);
        if (fd < 0) {
            *result = busy ? B24_STORE_NONE : failed(fault, path);
            return -1;
        }
        enum content content = left_behind(fd);
        if (content == USELESS && !elsewhere(fd)) return fd;
        bool done =
            content == USELESS || (content == WHOLE && fsync(fd) == 0 && rename(name, path) == 0);
        /* A rename does nothing if both are names of one file. What is written now must not be in
           somebody else's. */
        if (done && named(fd, name)) done = unlink(name) == 0;
        if (!done) *result = content == NO_MEMORY ? no_memory(fault) : failed(fault, path);
        close(fd); /* that file is the store now: the lock is another one's name */
        if (!done) return -1;
    }
    *result = B24_STORE_NONE; /* others are at it */
    return -1;
}

enum b24_store_result b24_store_lock(struct b24_store_lock *lock, const char *path, bool bare,
                                     struct b24_fault *fault) {
    char name[B24_STORE_MAX + 8];
    bool busy = false;
    enum b24_store_result result = B24_STORE_NONE;
    if (held(lock)) return B24_STORE_OK;
    drop(lock); /* a parent's; its own descriptor keeps the lock */
    errno = ENAMETOOLONG;
    if (!new_name(path, name)) return failed(fault, path);
    int fd = bare ? try_lock(path, name, &busy) : lock_blank(path, name, &result, fault);
    if (fd < 0 && bare) return busy ? B24_STORE_NONE : failed(fault, path);
    if (fd < 0) return result;
    lock->fd = fd;
    lock->owner = b24_process();
    (void)futimens(fd, NULL); /* since when it is held */
    if (bare || reserve(fd)) return B24_STORE_OK;
    int why = errno;
    b24_store_unlock(lock, path);
    errno = why;
    return failed(fault, path);
}

/* ------------------------------------------------------------ writing */

static void sync_folder(const char *path) {
    char folder[B24_STORE_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
    int dir = open(folder, O_RDONLY | O_CLOEXEC);
    if (dir < 0) return;
    (void)fsync(dir); /* the name, too: some file systems need it, some know no such thing */
    close(dir);
}

static bool write_pair(int fd, const char *text) {
    size_t n = strlen(text);
    return n > 0 && n < FILE_MAX && put(fd, text, n) && ftruncate(fd, (off_t)n) == 0 &&
           (fsync(fd) == 0 || errno == EINVAL); /* some file systems know no fsync */
}

bool b24_store_save(struct b24_store_lock *lock, const char *path, const struct b24_app *app,
                    struct b24_fault *fault) {
    char name[B24_STORE_MAX + 8];
    char *text = b24_app_text(app);
    bool ours = held(lock) && new_name(path, name) && named(lock->fd, name);
    errno = ENOMEM;
    bool ok = ours && text != NULL && write_pair(lock->fd, text) && rename(name, path) == 0;
    if (!ok)
        (void)b24_fail(fault, B24_CONFIG, "CANNOT_WRITE", NULL, "%s cannot be written: %s", path,
                       ours ? strerror(errno) : "its lock was removed, or another has it");
    if (ok) sync_folder(path);
    if (text != NULL) wipe(text, strlen(text));
    cJSON_free(text);
    if (ok) drop(lock);
    else b24_store_unlock(lock, path);
    return ok;
}

void b24_store_unlock(struct b24_store_lock *lock, const char *path) {
    char name[B24_STORE_MAX + 8];
    /* Before the lock goes: who has it is the only one to remove the name. */
    if (held(lock) && new_name(path, name) && named(lock->fd, name)) (void)unlink(name);
    drop(lock);
}

/* ------------------------------------------------------------ names */

/* Behind a symbolic link is one file, with one lock, whatever names it has; and it stays there. */
static bool follow(char path[B24_STORE_MAX], struct b24_fault *fault) {
    struct stat s;
    if (lstat(path, &s) != 0 || !S_ISLNK(s.st_mode)) return true;
    char *real = realpath(path, NULL);
    size_t n = real != NULL ? strlen(real) : 0;
    const char *why = real == NULL ? strerror(errno) : "its path is too long";
    bool fits = n > 0 && n < B24_PATH_MAX;
    if (fits) memcpy(path, real, n + 1);
    else
        (void)b24_fail(fault, B24_CONFIG, "BAD_FILE", "Mend or remove the link.",
                       "%s is a symbolic link that cannot be followed: %s", path, why);
    free(real);
    return fits;
}

bool b24_store_path(const char *name, char out[B24_STORE_MAX], struct b24_fault *fault) {
    if (name == NULL || name[0] != '/')
        return b24_private_path("app", name, out, fault) && follow(out, fault);
    if (strlen(name) >= B24_PATH_MAX || name[strlen(name) - 1] == '/')
        return b24_fail(fault, B24_CONFIG, "BAD_FILE", NULL,
                        "the path of the store is too long, or that of a folder");
    memcpy(out, name, strlen(name) + 1);
    return follow(out, fault);
}

bool b24_store_lock_path(const struct b24_app *app, const char *origin, const char *runtime_dir,
                         char out[B24_STORE_MAX]) {
    struct b24_runtime_dir dir;
    struct b24_fault ignored;
    const char *const parts[] = {origin, app->client_id, app->grant.member_id, app->grant.user_id};
    uint64_t hash = B24_HASH_START;
    if (!b24_runtime_dir(runtime_dir, &dir, &ignored)) return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hash = b24_hash(hash, parts[i], strlen(parts[i]) + 1);
    int n = snprintf(out, B24_STORE_MAX, "%s/token-%lu-%016" PRIx64, dir.path,
                     (unsigned long)geteuid(), hash);
    return n > 0 && n < B24_STORE_MAX;
}
