/* os/cache_file.h: the last answer of an account in a small file, for all processes of one user. */
#ifndef B24_OS_CACHE_FILE_H
#define B24_OS_CACHE_FILE_H

#include "base/buffer.h"
#include "os/runtime_dir.h"
#include "rest/conf.h"

B24_PRIVATE_BEGIN

#define B24_CACHE_MAX (4u << 20) /* bytes of an entry; the largest counters are a tenth of it */

/* Times are milliseconds since 1970: they must hold from process to process, and over a restart. */

struct b24_cache {
    char path[B24_DIR_MAX]; /* the entry */
    char claim_path[B24_DIR_MAX +
                    8]; /* what the process that asks the portal writes; renamed to `path` */
    int claim;          /* -1, or its descriptor, locked */
    long owner; /* the process that has the claim: a forked child only inherits the descriptor */
};

struct b24_cache_entry {
    int64_t stored; /* 0: there is none */
    int64_t asked;  /* when the portal was asked for it: what happened later may not be in it */
    struct b24_buffer
        json; /* the portal's reply as it came, so that reading it is the same as having asked */
};

/* Finds the place of the account's entry; nothing of a secret is in its name. False: `fault`. */
bool b24_cache_open(struct b24_cache *cache, const struct b24_conf *conf, struct b24_fault *fault);

/* Reads the entry. Garbage, another user's file or nothing: stored is 0. */
void b24_cache_read(const struct b24_cache *cache, struct b24_cache_entry *entry);

/* When the entry was stored, and asked for, without reading the rest of it. False: there is none.
 */
bool b24_cache_glance(const struct b24_cache *cache, int64_t *stored, int64_t *asked);

/* Tries to become the process that asks; never waits. The claim ends with the process, however that
 * ends. */
bool b24_cache_claim(struct b24_cache *cache);

/* Replaces the entry, atomically, and ends the claim; `asked`: when the portal was. Needs the
   claim, and the file that was claimed: its name may have been removed, and given to another
   process's. False: the entry stays as it was. */
bool b24_cache_store(struct b24_cache *cache, struct b24_view json, int64_t asked, int64_t now);

/* Ends the claim without an answer. */
void b24_cache_release(struct b24_cache *cache);

/* Milliseconds since 1970. */
int64_t b24_cache_now(void);

/* ---- which process of the user listens to the account's push channel: the one that has the claim
   (b24_cache_claim, b24_cache_release); what it knows stands in the claim's file, for the others */

#define B24_SHARE_MAX 4096 /* bytes of that */

/* False: `fault`. */
bool b24_share_open(struct b24_cache *claim, const struct b24_conf *conf, struct b24_fault *fault);

/* Replaces what the others may know; no secret. False: without the claim, or the disk is full. */
bool b24_share_note(const struct b24_cache *claim, struct b24_view text);

/* What was noted last. False: nothing, or another user's file. */
bool b24_share_read(const struct b24_cache *claim, struct b24_buffer *out);

B24_PRIVATE_END
#endif
