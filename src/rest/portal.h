/* rest/portal.h: what a process remembers of one portal between calls. No I/O. */
#ifndef B24_REST_PORTAL_H
#define B24_REST_PORTAL_H

#include "rest/conf.h"
#include "rest/limiter.h"

B24_PRIVATE_BEGIN

#define B24_RESETS 16 /* methods whose operating time is remembered; the oldest is overwritten */

struct b24_reset {
    char method[B24_METHOD_MAX + 1];
    b24_ms at; /* when the portal forgets some of the method's computing time */
};

struct b24_portal {
    struct b24_keeper alone;    /* counts in this process */
    struct b24_keeper *limiter; /* what calls use: `alone`, or a file that the host shares */
    struct b24_reset resets[B24_RESETS];
    size_t next_reset;
};

/* Everything unknown; limiter = &alone. The portal must not be moved in memory after that. */
void b24_portal_init(struct b24_portal *portal);

/* Remembers, and reports, when `method` may be called again after OPERATION_TIME_LIMIT; B24_NO_MS:
 * not known. */
void b24_portal_note_reset(struct b24_portal *portal, const char *method, b24_ms at);
b24_ms b24_portal_reset(const struct b24_portal *portal, const char *method);

B24_PRIVATE_END
#endif
