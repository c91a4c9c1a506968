/* os/limiter_file.h: keeps a limiter's page in a small file that all processes of this machine
 * share. */
#ifndef B24_OS_LIMITER_FILE_H
#define B24_OS_LIMITER_FILE_H

#include "base/fault.h"
#include "os/runtime_dir.h"
#include "rest/limiter.h"

B24_PRIVATE_BEGIN

/* Where the file is. The strings are the caller's. */
struct b24_limiter_where {
    const char *dir;    /* conf.runtime_dir; may be NULL */
    const char *origin; /* "https://portal.example" */
    struct b24_rate
        own; /* the page of confs with these limits of their own; rate 0: the portal's page */
};

/* A private file is mapped. One that other users may write to could be cut under a mapping, which
   kills (SIGBUS), so it is read and written under a lock that nobody waits for. Without a usable
   file the process counts for itself, says why, and tries again some seconds later. */
struct b24_limiter_file {
    struct b24_keeper keeper; /* first */
    struct b24_limiter_where where;
    struct b24_fault trouble; /* why this process counts for itself; kind B24_OK: it does not */
    char path[B24_DIR_MAX];
    int fd; /* -1: closed */
    uint64_t boot;
    bool shared;  /* in a folder that a group writes to */
    bool locked;  /* with a lock, not mapped */
    long process; /* locked: who opened it, because a forked child would share the lock */
    struct b24_limiter_page *page; /* mapped */
    struct b24_limiter_page copy;  /* locked: what the file says */
    struct b24_limiter_page *taken;
    bool behind;       /* the page may not know what this process has counted for itself */
    b24_ms tried;      /* when opening it failed last */
    b24_ms busy_since; /* B24_NO_MS: it is not */
};

/* Nothing is opened before the first `take`; `where` must be set by then. */
void b24_limiter_file_init(struct b24_limiter_file *file);
void b24_limiter_file_close(struct b24_limiter_file *file);

B24_PRIVATE_END
#endif
