#include "rest/pages.h"

#include <string.h>

#include "base/ascii.h"

#define ID_DIGITS 18 /* more do not fit into 63 bits for sure; real ids have at most ten */
#define IDLE_MAX                                                                                   \
    3 /* pages by offset without a new row: chats that move can do that once or twice */
#define EMPTY_MAX                                                                                  \
    1000 /* empty pages in a row that promise another one: what rights hide, or a portal gone mad  \
          */
#define STALLED "CURSOR_STALLED"
#define OUT_OF_ROW                                                                                 \
    "Repeat the list; if it fails again, tell the portal's administrator, and page by hand with "  \
    "client:call."

/* A table, and not a look at the rows: whether a method obeys >ID cannot be seen from its rows.
   Those that do not either ignore the filter (the first page again and again) or refuse `order`;
   and many crm.*.list have no ID at all. With start= every list works, only slower, so an unknown
   method loses nothing but speed. */
static const struct b24_listing listings[] = {
    {"crm.lead.list", NULL, "ID", false},
    {"crm.deal.list", NULL, "ID", false},
    {"crm.contact.list", NULL, "ID", false},
    {"crm.company.list", NULL, "ID", false},
    {"crm.quote.list", NULL, "ID", false},
    {"crm.invoice.list", NULL, "ID", false},
    {"crm.activity.list", NULL, "ID", false},
    {"crm.product.list", NULL, "ID", false},
    {"crm.requisite.list", NULL, "ID", false},
    {"crm.item.list", "items", "id", false},
    {"crm.type.list", "types", "id", false},
    {"tasks.task.list", "tasks", "ID", false}, /* rows have `id`, filter and order want ID */
    {"socialnetwork.api.workgroup.list", "workgroups", "ID", false},
    {"user.get", NULL, "ID", true},
};

const struct b24_listing *b24_listing_find(const char *method) {
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++)
        if (b24_same(listings[i].method, method)) return &listings[i];
    return NULL;
}

bool b24_is_im(const char *method) { return b24_starts(method, "im."); }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

void b24_cursor_init(struct b24_cursor *c, const char *method, const struct b24_list_params *wish) {
    memset(c, 0, sizeof *c);
    c->listing = b24_listing_find(method);
    c->recent = b24_same(method, "im.recent.list");
    if (b24_is_im(method)) {
        c->paging = B24_BY_OFFSET;
        c->limit = c->recent ? B24_RECENT_MAX : B24_IM_PAGE;
        if (wish->limit > 0)
            c->limit = c->recent ? least(wish->limit, B24_RECENT_MAX) : wish->limit;
    } else if (c->listing != NULL && !wish->order && !wish->id_filter && !wish->odd &&
               wish->start <= 0) {
        c->paging = B24_BY_ID;
        return;
    }
    c->position = wish->start > 0 ? wish->start : 0;
}

void b24_cursor_free(struct b24_cursor *c) { b24_id_set_free(&c->seen); }

const char *b24_cursor_member(const struct b24_cursor *c) {
    if (c->recent) return "items"; /* beside other lists */
    return c->listing != NULL ? c->listing->rows : NULL;
}

void b24_cursor_begin(struct b24_cursor *c) {
    c->rows = c->fresh = 0;
    c->last = 0;
    c->repeated = c->unsorted = false;
    c->memory = B24_ID_SET_NEW;
}

/* -1: no positive whole number. */
static int64_t number(struct b24_view id) {
    int64_t n = 0;
    if (id.n == 0 || id.n > ID_DIGITS) return -1;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] < '0' || id.p[i] > '9') return -1;
        n = n * 10 + (id.p[i] - '0');
    }
    return n > 0 ? n : -1;
}

static void note_id(struct b24_cursor *c, struct b24_view text) {
    int64_t id = number(text);
    if (id > 0 && id <= c->position) c->repeated = true;
    if (id > 0 && c->last > 0 && id <= c->last) c->unsorted = true;
    c->last = id;
}

static bool note_seen(struct b24_cursor *c, struct b24_view id) {
    enum b24_id_set_answer answer = b24_id_set_add(&c->seen, id);
    if (answer == B24_ID_SET_BEFORE) return false;
    if (answer != B24_ID_SET_NEW) c->memory = answer;
    return true;
}

bool b24_cursor_row(struct b24_cursor *c, struct b24_view id) {
    bool fresh = true;
    c->rows++;
    if (c->paging == B24_BY_ID && id.p != NULL) note_id(c, id);
    if (c->paging == B24_BY_OFFSET && id.n > 0) fresh = note_seen(c, id);
    if (id.n == 0) c->blind = true;
    if (fresh) c->fresh++;
    return fresh;
}

static bool move(struct b24_cursor *c, int64_t position) {
    c->position = position;
    return true;
}

static bool finish(struct b24_cursor *c) {
    c->done = true;
    return true;
}

/* ------------------------------------------------------------ by ID */

static bool end_by_id(struct b24_cursor *c, const struct b24_page *page, struct b24_fault *fault) {
    /* Documented end: fewer than 50 rows. A `next` in spite of start=-1 is believed, too. */
    bool more = c->rows >= B24_PAGE || (c->rows > 0 && page->next_kind != B24_NEXT_NONE);
    if (c->repeated)
        return b24_fail(
            fault, B24_DECODE, STALLED, OUT_OF_ROW,
            "the list does not move on: rows behind ID %lld were asked for, and earlier ones came",
            (long long)c->position);
    if (!more) return finish(c);
    if (c->last <= 0)
        return b24_fail(
            fault, B24_DECODE, "CURSOR_NO_ID", OUT_OF_ROW,
            "a full page ends with a row whose ID cannot be read, so nobody knows what follows");
    if (c->unsorted)
        return b24_fail(
            fault, B24_DECODE, "CURSOR_UNSORTED", OUT_OF_ROW,
            "rows ordered by ID were asked for, and came in another order; some would be lost");
    return move(c, c->last);
}

/* ------------------------------------------------------------ by start */

static bool end_by_start(struct b24_cursor *c, const struct b24_page *page,
                         struct b24_fault *fault) {
    int64_t rows = (int64_t)c->rows, page_end = c->position + (rows > B24_PAGE ? rows : B24_PAGE);
    if (page->next_kind == B24_NEXT_NONE) {
        if (page->total <= page_end || rows == 0)
            return finish(c); /* rights may hide rows: a short page is no proof */
        return b24_fail(fault, B24_DECODE, STALLED, OUT_OF_ROW,
                        "the portal counts %lld rows, but names no page behind row %lld",
                        (long long)page->total, (long long)page_end);
    }
    c->idle = rows > 0 ? 0 : c->idle + 1;
    if (page->next_kind == B24_NEXT_UNUSABLE || page->next <= c->position || c->idle > EMPTY_MAX)
        return b24_fail(
            fault, B24_DECODE, STALLED, OUT_OF_ROW,
            "the list does not move on: behind the page at row %lld the portal names no later one",
            (long long)c->position);
    return move(c, page->next);
}

/* ------------------------------------------------------------ by OFFSET */

/* hasMore only means "this page was full". */
static bool promises_more(const struct b24_cursor *c, const struct b24_page *page) {
    if (c->rows == 0) return false;
    if (page->more != B24_MORE_UNKNOWN) return page->more == B24_MORE;
    if (page->total >= 0) return c->position + (int64_t)c->rows < page->total;
    if ((int64_t)c->rows > c->limit) return false; /* it knows no LIMIT, so this was everything */
    return (int64_t)c->rows >=
           least(c->limit, B24_IM_PAGE); /* it may have cut a higher LIMIT down */
}

/* A chat that got a message while the list was read has moved up, perhaps over the row where we
   were. So the top is looked at once more, until a page has nothing new. Without ids nobody could
   tell what is new. */
static bool look_again(struct b24_cursor *c) {
    if (c->pages == 1 || c->blind) return finish(c);
    c->again = true;
    return move(c, 0);
}

static bool end_by_offset(struct b24_cursor *c, const struct b24_page *page,
                          struct b24_fault *fault) {
    if (c->memory == B24_ID_SET_NO_MEMORY)
        return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    if (c->memory == B24_ID_SET_FULL)
        return b24_fail(fault, B24_TOO_LARGE, "LIST_TOO_LONG", NULL,
                        "the list has more than %u rows", B24_ID_SET_MAX);
    if (c->again && c->fresh == 0) return finish(c);
    if (!promises_more(c, page)) return c->again ? finish(c) : look_again(c);
    c->idle = c->fresh > 0 ? 0 : c->idle + 1;
    if (c->idle >= IDLE_MAX)
        return b24_fail(
            fault, B24_DECODE, STALLED,
            "This method may not know OFFSET: call it with client:call.",
            "the list does not move on: %d pages held nothing but rows that were there before",
            IDLE_MAX);
    return move(c, c->position + (int64_t)c->rows);
}

bool b24_cursor_end(struct b24_cursor *c, const struct b24_page *page, struct b24_fault *fault) {
    c->pages++;
    switch (c->paging) {
    case B24_BY_ID: return end_by_id(c, page, fault);
    case B24_BY_OFFSET: return end_by_offset(c, page, fault);
    default: return end_by_start(c, page, fault);
    }
}
