#include "rest/ahead.h"

#include <stdio.h>
#include <string.h>

/* Rows that a stretch shares with the one before it, at least: so many may be deleted meanwhile
   without a gap between the two. */
#define OVERLAP 49

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Rows that are still to come; -1: nobody knows. */
static int64_t rows_left(const struct b24_cursor *c) {
    if (c->paging == B24_BY_ID && c->counts && c->total >= c->read) return c->total - c->read;
    if (c->paging == B24_BY_START && c->step > 0 && !c->miscounted && c->total > c->position)
        return c->total - c->position;
    return -1;
}

/* Pages for `rows` rows. With one more that is not full, which proves the end; by start the portal
   says itself which page is the last. */
static int64_t pages_for(int64_t rows, int64_t size, bool proof) {
    return proof ? rows / size + 1 : (rows + size - 1) / size;
}

/* ------------------------------------------------------------ by start */

static int by_start(const struct b24_cursor *c, const struct b24_pace_step *step, int64_t rows,
                    struct b24_stretch out[B24_STRETCHES_MAX]) {
    int64_t left = pages_for(rows, c->step, false), at = c->position;
    int n = 0;
    for (; n < step->requests && left > 0; n++) {
        out[n] = (struct b24_stretch){(int)least(step->pages, left), at, -1, c->step};
        left -= out[n].pages;
        at += out[n].pages * c->step;
    }
    return n;
}

/* ------------------------------------------------------------ by ID */

/* Rows are numbered 1, 2, … as the portal counted them. The first stretch goes on behind the last
   row that was read. The others begin at a place that is reckoned from the first row of the last
   page: before the end of the stretch in front of them, so that both have rows in common, and none
   can be missing between them. */
static int by_id(const struct b24_cursor *c, const struct b24_pace_step *step, int64_t rows,
                 bool proof, struct b24_stretch out[B24_STRETCHES_MAX]) {
    int64_t goal = c->read + rows, base = c->read - B24_PAGE + 1;
    int pages = (int)least(step->pages, pages_for(rows, B24_PAGE, proof)), n = 1;
    int64_t end = c->read + (int64_t)pages * B24_PAGE;
    bool full = c->rows == B24_PAGE && c->fresh == c->rows && c->first > 0;
    out[0] = (struct b24_stretch){pages, c->position, -1, 0};
    for (; full && n < step->requests && (proof ? end <= goal : end < goal); n++) {
        int64_t skip = (end - OVERLAP - base) / B24_PAGE * B24_PAGE, before = base + skip;
        pages = (int)least(step->pages, pages_for(goal - before, B24_PAGE, proof));
        if (before + (int64_t)pages * B24_PAGE <= end) break; /* nothing but what they share */
        out[n] = (struct b24_stretch){pages, c->first, skip, 0};
        end = before + (int64_t)pages * B24_PAGE;
    }
    return n;
}

int b24_ahead(const struct b24_cursor *c, const struct b24_pace *p,
              const struct b24_pace_step *step, int64_t want,
              struct b24_stretch out[B24_STRETCHES_MAX], bool *guessed) {
    int64_t rows = rows_left(c);
    bool proof = want < 0 || (rows >= 0 && want > rows);
    *guessed = false;
    if (step->pages <= 1 || c->pages == 0 || c->done) return 0;
    if (c->paging == B24_BY_START) {
        if (rows < 0) return 0;
        int n = by_start(c, step, want >= 0 ? least(rows, want) : rows, out);
        return n > 1 || out[0].pages > 1 ? n : 0;
    }
    if (c->paging != B24_BY_ID || c->position == 0 || c->limit != B24_PAGE) return 0;
    if (rows < 0) { /* a guess: the pages behind the end are in vain */
        int pages = (int)least(p->grown, step->pages);
        if (want >= 0) pages = (int)least(pages, pages_for(want, B24_PAGE, false));
        *guessed = true;
        out[0] = (struct b24_stretch){pages, c->position, -1, 0};
        return pages > 1 ? 1 : 0;
    }
    int n = by_id(c, step, proof ? rows : want, proof, out);
    return n > 1 || out[0].pages > 1 ? n : 0;
}

bool b24_ahead_fits(const struct b24_cursor *c, const struct b24_stretch *s, int i) {
    if (c->done) return false;
    if (s->step > 0) return c->position == s->from + i * s->step;
    return i > 0 || s->skip >= 0 || c->position == s->from;
}

bool b24_ahead_tied(const struct b24_cursor *c, struct b24_view id) {
    char last[24];
    int n = snprintf(last, sizeof last, "%lld", (long long)c->last);
    if (c->rows != B24_PAGE || c->last <= 0) return false;
    return id.n == (size_t)n && memcmp(id.p, last, id.n) == 0;
}
