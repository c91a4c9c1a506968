/* rest/pages.h: how a list is read page by page. Pure decisions on numbers and names: nothing is
   sent from here.

   begin, row for each row, end; then `done`, or the next page is the one that `position` says. */
#ifndef B24_REST_PAGES_H
#define B24_REST_PAGES_H

#include "base/fault.h"
#include "base/id_set.h"

B24_PRIVATE_BEGIN

/* Rows of a page; the portal knows no other size where a list has start=. */
#define B24_PAGE       50
#define B24_IM_PAGE    50  /* LIMIT for im.* lists; some take no more */
#define B24_RECENT_MAX 200 /* LIMIT of im.recent.list; what is above is taken for this */

enum b24_paging {
    B24_BY_START, /* start= and the reply's next: what every list understands */
    B24_BY_ID, /* filter >ID, order by ID, start=-1: the portal need not count, and rows that come
                  or go meanwhile shift nothing, so every row that was there at the beginning is
                  listed once */
    B24_BY_OFFSET, /* OFFSET=, LIMIT=, hasMore: im.*, which knows neither order nor filter */
    B24_AT_ONCE    /* start=-1 brings everything */
};

/* A method of which more is known than what every list understands. */
struct b24_listing {
    const char *method;
    const char *rows; /* the result's member with the rows; NULL: the result itself */
    const char *id;   /* in filter, order and select; NULL: it does not page by ID */
    bool flat;        /* sorts by SORT= and ORDER= instead of order= */
    bool at_once;     /* with start=-1 it gives everything; else it counts only its page */
};

/* Is it one of the messenger's methods? */
bool b24_is_im(const char *method);

/* NULL: nothing more is known of it. */
const struct b24_listing *b24_listing_find(const char *method);

/* What the caller's own parameters say. */
struct b24_list_params {
    bool order;     /* another order than by ID */
    bool down;      /* by descending ID */
    bool uncounted; /* start=-1: the portal is not to count */
    bool ahead;     /* several pages may come in one request */
    bool id_filter; /* a condition on the ID */
    bool odd;       /* a form to which no condition can be added */
    int64_t start;  /* start= or OFFSET=; -1: none */
    int64_t limit;  /* limit=, LIMIT=; -1: none */
};

struct b24_cursor {
    enum b24_paging paging;
    const struct b24_listing *listing; /* NULL: nothing more is known of the method */
    bool recent;                       /* im.recent.list */
    int64_t position; /* of the next page: start=, OFFSET=, or the last ID so far (0: none) */
    int64_t limit;    /* LIMIT=; else the size of a page */
    bool down;        /* by ID: the largest first */
    bool counts;      /* by ID: the portal is asked to count with the first page */
    bool from_top;    /* the caller named no place to begin at */
    bool done;
    bool discard; /* this page is the one before again: its rows are not to be handed out */
    /* the page that is being read */
    size_t rows, fresh;
    bool nameless;  /* some of its rows had no id */
    uint64_t print; /* a fingerprint of its ids */
    int64_t first;  /* by ID: that of its first row, as `last` */
    int64_t last;   /* ID of the last row; 0: none, -1: it cannot be read */
    bool joint;     /* by ID: it may begin with rows that were handed out; see b24_cursor_joins */
    bool repeated, unsorted;       /* an ID that the filter excluded; IDs that do not ascend */
    enum b24_id_set_answer memory; /* the worst answer of `seen` */
    /* all pages */
    size_t pages;
    int64_t read;          /* rows that were handed out */
    int64_t step;          /* by start: from the page before to this one, as the portal said; 0: it
                              did not */
    size_t empty, idle;    /* pages in a row without rows; without new ones */
    uint64_t print_before; /* of the page before; 0: none, or nameless */
    int64_t total;         /* as last told; -1: never */
    bool probing;          /* by start: nobody promised this page */
    bool counted;          /* by start: the page before was full, and the count said no more */
    bool miscounted;       /* by start: the portal counts its pages, not the list */
    bool blind;            /* some row had no id to recognise it by */
    bool again;            /* by offset: everything was read, now looking what moved up meanwhile */
    struct b24_id_set seen;
};

void b24_cursor_init(struct b24_cursor *c, const char *method,
                     const struct b24_list_params *params);
void b24_cursor_free(struct b24_cursor *c);

/* The result's member with the rows, or NULL: not known, or the result itself. */
const char *b24_cursor_member(const struct b24_cursor *c);

/* What a page says besides its rows. */
struct b24_page {
    enum { B24_NEXT_NONE, B24_NEXT_GIVEN, B24_NEXT_UNUSABLE } next_kind;
    int64_t next;
    int64_t total;                                         /* -1: unknown */
    enum { B24_MORE_UNKNOWN, B24_MORE_NO, B24_MORE } more; /* hasMore */
};

void b24_cursor_begin(struct b24_cursor *c);

/* By ID, before `begin`: a page that was asked for by its place (start=) and not by the last ID.
   Its first row tells whether it overlaps what was read: if it does, its rows go on from there
   without a gap, and those that were handed out are left out. False: rows may lie between; the page
   cannot be used. */
bool b24_cursor_joins(struct b24_cursor *c, struct b24_view first_id);

/* One row by its id as text: empty if it has none, p == NULL if the row is no object. False: it was
 * handed out before.
 */
bool b24_cursor_row(struct b24_cursor *c, struct b24_view id);

/* The page is complete: moves on, or sets `done`. False: `fault`; the rows of this page are not to
 * be trusted. */
bool b24_cursor_end(struct b24_cursor *c, const struct b24_page *page, struct b24_fault *fault);

B24_PRIVATE_END
#endif
