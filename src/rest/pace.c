#include "rest/pace.h"

#include <string.h>

#include "base/ascii.h"
#include "base/fault.h"

#define GROWTH       3    /* 1, 3, 9, 27, 50: at most two of three pages are in vain */
#define RESET_MARGIN 1000 /* ms: the portal's clock has whole seconds */

void b24_pace_init(struct b24_pace *p) {
    memset(p, 0, sizeof *p);
    p->most = B24_BATCH_MAX;
    p->grown = GROWTH;
    p->operating = -1;
    p->reset = B24_NO_MS;
}

static int within(double pages, int most) {
    if (pages >= most) return most;
    return pages >= 1 ? (int)pages : 1;
}

/* Pages whose time fits into a request, by the time that one took. */
static int by_time(const struct b24_pace *p, b24_ms left, int most) {
    double budget = (double)left * 2 / 3;
    if (budget > B24_REQUEST_TIME) budget = B24_REQUEST_TIME;
    return p->page > 0 ? within(budget / p->page, most) : most;
}

/* Computing time of a page, in seconds: 0 if it does not count (the portal leaves out what is done
   in 0.1 s). */
static double cost(const struct b24_pace *p) {
    if (p->counted > 0) return (p->operating - p->since) / p->counted;
    return p->page / 1000;
}

static bool is_known(const struct b24_pace *p, b24_ms now) {
    return p->operating >= 0 && (p->reset == B24_NO_MS || now < p->reset);
}

/* Pages that are left of the method's computing time; `most` if nobody counts it. */
static int by_operating(const struct b24_pace *p, b24_ms now, int most) {
    if (!is_known(p, now)) return most;
    double left = B24_OPERATING_LIMIT * B24_OPERATING_SHARE - p->operating, page = cost(p);
    if (left <= 0 || left < page) return 0;
    return page > 0 ? within(left / page, most) : most;
}

struct b24_pace_step b24_pace_next(const struct b24_pace *p, b24_ms now, b24_ms left,
                                   int requests) {
    struct b24_pace_step step = {1, 1, 0};
    int all = by_operating(p, now, p->most * requests);
    if (all == 0) {
        b24_ms wait = p->reset != B24_NO_MS ? p->reset - now + RESET_MARGIN : 0;
        if (wait > 0 && wait < left) step.wait = wait;
        return step;
    }
    if (p->off || p->alone) return step;
    step.pages = by_time(p, left, all < p->most ? all : p->most);
    step.requests = all / step.pages < requests ? all / step.pages : requests;
    return step;
}

void b24_pace_took(struct b24_pace *p, int pages, b24_ms elapsed) {
    p->page = (double)elapsed / pages;
    p->alone = false;
}

void b24_pace_operating(struct b24_pace *p, double operating, b24_ms reset) {
    bool goes_on = p->operating >= 0 && operating >= p->operating;
    if (!goes_on) p->since = operating;
    p->counted = goes_on ? p->counted + 1 : 0;
    p->operating = operating;
    if (reset != B24_NO_MS) p->reset = reset;
}

void b24_pace_grow(struct b24_pace *p) {
    p->grown = p->grown * GROWTH < B24_BATCH_MAX ? p->grown * GROWTH : B24_BATCH_MAX;
}

static void shrink(struct b24_pace *p, int pages) {
    p->alone = true;
    p->grown = GROWTH;
    p->most = pages / 2;
    if (p->most <= 1) p->off = true;
}

bool b24_pace_failed(struct b24_pace *p, int pages, const char *kind) {
    static const enum b24_kind smaller[] = {B24_HTTP, B24_DECODE, B24_TOO_LARGE, B24_PORTAL,
                                            B24_DENIED};
    shrink(p, pages);
    for (size_t i = 0; i < sizeof smaller / sizeof *smaller; i++)
        if (strcmp(kind, b24_kind_name(smaller[i])) == 0) return true;
    return false;
}

void b24_pace_refused(struct b24_pace *p, int good, const char *code) {
    if (b24_same(code, "OPERATION_TIME_LIMIT"))
        b24_pace_operating(p, B24_OPERATING_LIMIT, B24_NO_MS); /* whatever the limit is here */
    else if (good == 0) p->off = true;                         /* perhaps because of the batch */
    shrink(p, p->most);
}
