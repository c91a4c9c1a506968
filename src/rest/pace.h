/* rest/pace.h: how many pages of a list go into the next request, and whether it waits first. Pure
   decisions: times come in as numbers, nothing is sent from here. */
#ifndef B24_REST_PACE_H
#define B24_REST_PACE_H

#include "base/common.h"
#include "rest/batch.h"

B24_PRIVATE_BEGIN

/* Seconds of computing time that a cloud portal gives one method in ten minutes (REST limits
   page); other portals have 420. Lists stop well before it: others use the same webhook. */
#define B24_OPERATING_LIMIT 480
#define B24_OPERATING_SHARE 0.8

/* Longest time that a request of several pages should take: the cloud cuts it at 60 s. */
#define B24_REQUEST_TIME 30000 /* ms */

struct b24_pace {
    bool off;    /* one page at a time, always: a batch cannot work here */
    bool alone;  /* the next page goes by itself: the one before it was refused in a batch */
    int most;    /* pages of a request; fewer after one that failed */
    int grown;   /* pages of the next request where nobody knows how many there are */
    double page; /* ms of the latest request for each of its pages: an upper bound */
    /* the method's computing time */
    double operating; /* seconds, as last told; < 0: not known */
    double since;     /* the same at the first of `counted` pages in a row */
    int counted;
    b24_ms reset; /* when the portal forgets some of it; B24_NO_MS: not known */
};

struct b24_pace_step {
    int pages;    /* of a request, at most; 1: a plain call */
    int requests; /* side by side, at most */
    b24_ms wait;  /* before the request, until the portal has forgotten some computing time */
};

void b24_pace_init(struct b24_pace *p);

/* `left`: until the deadline. `requests`: how many may go side by side. */
struct b24_pace_step b24_pace_next(const struct b24_pace *p, b24_ms now, b24_ms left, int requests);

/* A request of so many pages was answered. */
void b24_pace_took(struct b24_pace *p, int pages, b24_ms elapsed);

/* What a page says of the method's computing time. `reset`: B24_NO_MS if it does not say. */
void b24_pace_operating(struct b24_pace *p, double operating, b24_ms reset);

/* Nobody knew how many pages there are, and the list goes on: more of them in the next request. */
void b24_pace_grow(struct b24_pace *p);

/* A request of so many pages failed as a whole. The next page goes by itself, and later requests
   are smaller. Is that worth a try, after a failure of this kind? */
bool b24_pace_failed(struct b24_pace *p, int pages, const char *kind);

/* In a request that was answered, the page after `good` others was refused with `code`, or did not
   fit: "". */
void b24_pace_refused(struct b24_pace *p, int good, const char *code);

B24_PRIVATE_END
#endif
