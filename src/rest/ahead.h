/* rest/ahead.h: pages of a list that are asked for before the ones in front of them have come. Pure
   decisions: which pages, and whether one that came is the one that the cursor wants next. The
   cursor judges each page as if it had come alone; what does not fit is thrown away, and read again
   from where the list stands. */
#ifndef B24_REST_AHEAD_H
#define B24_REST_AHEAD_H

#include "rest/pace.h"
#include "rest/pages.h"

B24_PRIVATE_BEGIN

#define B24_STRETCHES_MAX 10 /* requests side by side: a fifth of what a portal takes at once */

/* Pages one after another, for one request. */
struct b24_stretch {
    int pages;
    /* By ID: the first page has the rows behind this ID (0: from the beginning), each other the
       rows behind the last one of the page before it. By start: the place of the first page. */
    int64_t from;
    int64_t skip; /* by ID: so many rows behind `from` are left out (start=); -1: none, uncounted */
    int64_t step; /* by start: from page to page; 0: by ID */
};

/* Which pages to ask for now: how many stretches; 0: just the next page, by itself. `want`: rows
   that the caller still takes, -1: all. `guessed` is set where nobody knows how many pages there
   are. */
int b24_ahead(const struct b24_cursor *c, const struct b24_pace *p,
              const struct b24_pace_step *step, int64_t want,
              struct b24_stretch out[B24_STRETCHES_MAX], bool *guessed);

/* Is the page `i` (0, 1, …) of the stretch what the cursor wants next? By ID this is known of a
   first page only: the later ones are tied to the page before them, see b24_ahead_tied; and one
   with `skip` must also join (b24_cursor_joins). */
bool b24_ahead_fits(const struct b24_cursor *c, const struct b24_stretch *s, int i);

/* By ID: may the page behind the one just read follow in the same request? It was asked for with
   the ID of row 50, `id`, empty if there is none. */
bool b24_ahead_tied(const struct b24_cursor *c, struct b24_view id);

B24_PRIVATE_END
#endif
