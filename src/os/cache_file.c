#define _DEFAULT_SOURCE /* flock */
#define _POSIX_C_SOURCE 200809L
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#include "os/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/process.h"
#include "os/standard.h"

#define HEAD_MAX 100 /* bytes of "b24 cache 3 STORED ASKED LENGTH CHECKSUM\n" */

int64_t b24_cache_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t hash(const char *p, size_t n) { return b24_hash(B24_HASH_START, p, n); }

/* ------------------------------------------------------------ names */

/* Who asks: the webhook's user; an application's, as far as it is known who that is; or 64 bits of
   a token's hash, from which nobody finds its 200. */
static bool account(const struct b24_conf *conf, char *out, size_t size) {
    const char *rest = strstr(conf->base, "/rest/");
    int n;
    const struct b24_grant *who = conf->app != NULL ? &conf->app->grant : NULL;
    if (who != NULL && who->member_id[0] != '\0' && who->user_id[0] != '\0')
        n = snprintf(out, size, "o%s-%s", who->member_id, who->user_id);
    else if (conf->token != NULL)
        n = snprintf(out, size, "t%016" PRIx64, hash(conf->token, strlen(conf->token)));
    else if (who == NULL && rest != NULL)
        n = snprintf(out, size, "%.*s", (int)strcspn(rest + 6, "/"), rest + 6);
    else return false;
    return n > 0 && (size_t)n < size && strchr(out, '/') == NULL;
}

/* DIR/KIND-UID-portal.example_8443-1 */
static bool open_as(struct b24_cache *cache, const struct b24_conf *conf, const char *kind,
                    const char *suffix, struct b24_fault *fault) {
    struct b24_runtime_dir dir;
    char who[128];
    cache->claim = -1;
    if (!b24_runtime_dir(conf->runtime_dir, &dir, fault)) return false;
    const char *host = strstr(conf->origin, "://");
    if (host == NULL || !account(conf, who, sizeof who))
        return b24_fail(fault, B24_CONFIG, "NO_CACHE", NULL,
                        "the account has no name for its cache");
    int n = snprintf(cache->path, sizeof cache->path, "%s/%s-%lu-%s-%s", dir.path, kind,
                     (unsigned long)geteuid(), host + 3, who);
    if (n < 0 || (size_t)n >= sizeof cache->path - 8)
        return b24_fail(fault, B24_CONFIG, "NO_CACHE", NULL, "the path of the cache is too long");
    for (char *p = cache->path + strlen(dir.path) + 1; *p != '\0'; p++)
        if (strchr(":/[]", *p) != NULL) *p = '_';
    snprintf(cache->claim_path, sizeof cache->claim_path, "%s%s", cache->path, suffix);
    return true;
}

bool b24_cache_open(struct b24_cache *cache, const struct b24_conf *conf, struct b24_fault *fault) {
    return open_as(cache, conf, "cache", ".new", fault);
}

bool b24_share_open(struct b24_cache *claim, const struct b24_conf *conf, struct b24_fault *fault) {
    return open_as(claim, conf, "live", "", fault);
}

/* ------------------------------------------------------------ reading */

static bool ours(int fd, struct stat *s) {
    return fstat(fd, s) == 0 && S_ISREG(s->st_mode) && s->st_uid == geteuid() && s->st_nlink == 1;
}

/* `size`: where to stop without asking once more; the file is only ever replaced, never changed. */
static bool read_all(int fd, size_t size, struct b24_buffer *out) {
    char piece[4096];
    for (;;) {
        if (out->n == size && size > 0) return true;
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) return true;
        if (!b24_buffer_add(out, piece, (size_t)n)) return false;
    }
}

/* Splits the head off. False: this is no entry. */
static bool parse(struct b24_cache_entry *entry) {
    struct b24_buffer *text = &entry->json;
    struct b24_view v = b24_buffer_view(text);
    int64_t stored = 0, asked = 0;
    uint64_t sum = 0;
    size_t length = 0;
    int head = 0;
    if (sscanf(v.p, "b24 cache 3 %" SCNd64 " %" SCNd64 " %zu %" SCNx64 "%n", &stored, &asked,
               &length, &sum, &head) != 4)
        return false;
    if ((size_t)head >= v.n || v.p[head] != '\n') return false;
    head++;
    if (stored <= 0 || v.n - (size_t)head != length || hash(v.p + head, length) != sum)
        return false;
    memmove(text->p, text->p + head, length);
    b24_buffer_cut(text, length);
    entry->stored = stored;
    entry->asked = asked;
    return true;
}

static int open_entry(const struct b24_cache *cache) {
    return open(cache->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

bool b24_cache_glance(const struct b24_cache *cache, int64_t *stored, int64_t *asked) {
    char head[HEAD_MAX];
    struct stat s;
    int fd = open_entry(cache);
    if (fd < 0) return false;
    ssize_t n = ours(fd, &s) ? read(fd, head, sizeof head - 1) : 0;
    close(fd);
    head[n > 0 ? n : 0] = '\0';
    return sscanf(head, "b24 cache 3 %" SCNd64 " %" SCNd64 " ", stored, asked) == 2 && *stored > 0;
}

void b24_cache_read(const struct b24_cache *cache, struct b24_cache_entry *entry) {
    struct stat s;
    entry->stored = entry->asked = 0;
    b24_buffer_reset(&entry->json, B24_CACHE_MAX);
    int fd = open_entry(cache);
    if (fd < 0) return;
    if (ours(fd, &s) && read_all(fd, (size_t)s.st_size, &entry->json)) (void)parse(entry);
    close(fd);
}

/* ------------------------------------------------------------ writing */

/* Is `fd` the file that others find under the claim's name? */
static bool named(const struct b24_cache *cache, int fd) {
    struct stat mine, found;
    return ours(fd, &mine) && lstat(cache->claim_path, &found) == 0 &&
           found.st_ino == mine.st_ino && found.st_dev == mine.st_dev;
}

/* Has this process the claim? */
static bool claimed(const struct b24_cache *cache) {
    return cache->claim >= 0 && cache->owner == b24_process();
}

static void drop(struct b24_cache *cache) {
    if (cache->claim >= 0) close(cache->claim);
    cache->claim = -1;
}

bool b24_cache_claim(struct b24_cache *cache) {
    if (claimed(cache)) return true;
    drop(cache); /* a parent's; its own descriptor keeps the lock */
    const int how = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = b24_above_standard(open(cache->claim_path, how, 0600));
    if (fd < 0) return false;
    /* Looked at under the lock: before it another process may have made it the entry, or removed
     * it. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && named(cache, fd)) {
        cache->claim = fd;
        cache->owner = b24_process();
        return true;
    }
    close(fd);
    return false;
}

static bool write_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

bool b24_cache_store(struct b24_cache *cache, struct b24_view json, int64_t asked, int64_t now) {
    char head[HEAD_MAX];
    int n = snprintf(head, sizeof head, "b24 cache 3 %" PRId64 " %" PRId64 " %zu %016" PRIx64 "\n",
                     now, asked, json.n, hash(json.p, json.n));
    bool ok = claimed(cache) && json.n <= B24_CACHE_MAX - HEAD_MAX &&
              ftruncate(cache->claim, 0) == 0 && lseek(cache->claim, 0, SEEK_SET) == 0 &&
              write_all(cache->claim, head, (size_t)n) && write_all(cache->claim, json.p, json.n) &&
              named(cache, cache->claim) && rename(cache->claim_path, cache->path) == 0;
    if (ok) drop(cache);
    else b24_cache_release(cache);
    return ok;
}

void b24_cache_release(struct b24_cache *cache) {
    /* Before the lock goes: who has it is the only one to remove the name. */
    if (claimed(cache) && named(cache, cache->claim)) (void)unlink(cache->claim_path);
    drop(cache);
}

bool b24_share_note(const struct b24_cache *claim, struct b24_view text) {
    return claimed(claim) && ftruncate(claim->claim, 0) == 0 &&
           lseek(claim->claim, 0, SEEK_SET) == 0 && write_all(claim->claim, text.p, text.n);
}

bool b24_share_read(const struct b24_cache *claim, struct b24_buffer *out) {
    struct stat s;
    b24_buffer_reset(out, B24_SHARE_MAX);
    int fd = open_entry(claim);
    if (fd < 0) return false;
    bool ok = ours(fd, &s) && read_all(fd, (size_t)s.st_size, out);
    close(fd);
    return ok && out->n > 0;
}
