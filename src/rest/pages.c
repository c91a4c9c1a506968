#include "rest/pages.h"

#include <string.h>

#include "base/ascii.h"

#define ID_DIGITS 18 /* more do not fit into 63 bits for sure; real ids have at most ten */
/* Pages by offset without a new row: chats that move can do that once or twice. */
#define IDLE_MAX 3
/* Empty pages in a row that promise another one: what rights hide, or a portal gone mad. */
#define EMPTY_MAX 1000
/* The same by offset, where each page holds up to 200 chats, and nobody has 10,000 hidden ones. */
#define EMPTY_OFFSETS_MAX 50
#define STALLED           "CURSOR_STALLED"
#define OUT_OF_ROW                                                                                 \
    "Repeat the list; if it fails again, tell the portal's administrator, and page by hand with "  \
    "client:call."
#define CALL_IT                                                                                    \
    "Call the method with client:call, and page by its own parameters if it has more rows."

/* A table, and not a look at the rows: whether a method obeys >ID cannot be seen from its rows.
   Those that do not either ignore the filter (the first page again and again) or refuse `order`;
   and many crm.*.list have no ID at all. With start= every list works, only slower, so an unknown
   method loses nothing but speed. crm.address.list has no ID either. */
static const struct b24_listing listings[] = {
    {"crm.lead.list", NULL, "ID", false, false},
    {"crm.deal.list", NULL, "ID", false, false},
    {"crm.contact.list", NULL, "ID", false, false},
    {"crm.company.list", NULL, "ID", false, false},
    {"crm.quote.list", NULL, "ID", false, false},
    {"crm.invoice.list", NULL, "ID", false, false},
    {"crm.activity.list", NULL, "ID", false, false},
    {"crm.product.list", NULL, "ID", false, false},
    {"crm.requisite.list", NULL, "ID", false, false},
    {"crm.item.list", "items", "id", false, false},
    {"crm.type.list", "types", "id", false, false},
    {"tasks.task.list", "tasks", "ID", false, false}, /* rows have `id`, filter and order want ID */
    {"socialnetwork.api.workgroup.list", "workgroups", "ID", false, false},
    {"user.get", NULL, "ID", true, false},
    {"crm.address.list", NULL, NULL, false, true},
};

const struct b24_listing *b24_listing_find(const char *method) {
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++)
        if (b24_same(listings[i].method, method)) return &listings[i];
    return NULL;
}

bool b24_is_im(const char *method) { return b24_starts(method, "im."); }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool pages_by_id(const struct b24_cursor *c, const struct b24_list_params *params) {
    return c->listing != NULL && c->listing->id != NULL && !params->order && !params->id_filter &&
           !params->odd && params->start <= 0;
}

void b24_cursor_init(struct b24_cursor *c, const char *method,
                     const struct b24_list_params *params) {
    memset(c, 0, sizeof *c);
    c->listing = b24_listing_find(method);
    c->recent = b24_same(method, "im.recent.list");
    c->total = -1;
    c->from_top = params->start <= 0;
    c->down = params->down;
    c->position = params->start > 0 ? params->start : 0;
    c->limit = params->limit > 0 ? params->limit : B24_PAGE;
    c->miscounted = c->listing != NULL && c->listing->at_once;
    if (b24_is_im(method)) {
        int64_t most = c->recent ? B24_RECENT_MAX : B24_IM_PAGE;
        c->paging = B24_BY_OFFSET;
        c->limit = params->limit > 0 ? least(params->limit, most) : most;
    } else if (pages_by_id(c, params)) {
        c->paging = B24_BY_ID;
        c->counts = params->ahead && !params->uncounted;
    } else if (c->listing != NULL && c->listing->at_once && c->from_top) {
        c->paging = B24_AT_ONCE;
    }
}

void b24_cursor_free(struct b24_cursor *c) { b24_id_set_free(&c->seen); }

const char *b24_cursor_member(const struct b24_cursor *c) {
    if (c->recent) return "items"; /* beside other lists */
    return c->listing != NULL ? c->listing->rows : NULL;
}

/* FNV-1a, 64 bits: two pages are the same when their ids are, in the same order. */
#define PRINT_BASIS 14695981039346656037u
#define PRINT_PRIME 1099511628211u

static void note_print(struct b24_cursor *c, struct b24_view id) {
    for (size_t i = 0; i < id.n; i++) c->print = (c->print ^ (unsigned char)id.p[i]) * PRINT_PRIME;
    c->print = (c->print ^ '\n') * PRINT_PRIME;
}

/* The page before once more? Never known of rows without ids. */
static bool is_same_page(const struct b24_cursor *c) {
    return c->rows > 0 && !c->nameless && c->print == c->print_before;
}

void b24_cursor_begin(struct b24_cursor *c) {
    c->print_before = c->rows > 0 && !c->nameless ? c->print : 0;
    c->print = PRINT_BASIS;
    c->rows = c->fresh = 0;
    c->first = c->last = 0;
    c->repeated = c->unsorted = c->nameless = c->discard = false;
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

/* By ID: is `id` behind `other` in the list? Behind 0, which is none, everything is. */
static bool is_behind(const struct b24_cursor *c, int64_t id, int64_t other) {
    return other <= 0 || (c->down ? id < other : id > other);
}

/* False: it was handed out. */
static bool note_id(struct b24_cursor *c, struct b24_view text) {
    int64_t id = number(text);
    bool old = id > 0 && !is_behind(c, id, c->position);
    if (old && !c->joint) c->repeated = true;
    if (id > 0 && !is_behind(c, id, c->last)) c->unsorted = true;
    if (c->rows == 1) c->first = id;
    c->last = id;
    return !old || !c->joint;
}

bool b24_cursor_joins(struct b24_cursor *c, struct b24_view first_id) {
    int64_t id = number(first_id);
    c->joint = c->position > 0 && id > 0 && !is_behind(c, id, c->position);
    return c->joint;
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
    if (c->paging == B24_BY_ID && id.p != NULL) fresh = note_id(c, id);
    if (c->paging == B24_BY_OFFSET && id.n > 0) fresh = note_seen(c, id);
    if (id.n == 0) c->blind = c->nameless = true;
    note_print(c, id);
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

/* fault, format, … */
#define STALL(fault, ...)  b24_fail(fault, B24_DECODE, STALLED, OUT_OF_ROW, __VA_ARGS__)
#define UNSURE(fault, ...) b24_fail(fault, B24_DECODE, STALLED, CALL_IT, __VA_ARGS__)

/* May it have been cut at the page's size? */
static bool is_full(const struct b24_cursor *c) {
    int64_t rows = (int64_t)c->rows;
    return rows > 0 && (rows % B24_PAGE == 0 || rows == c->limit);
}

/* ------------------------------------------------------------ by ID */

static bool end_by_id(struct b24_cursor *c, const struct b24_page *page, struct b24_fault *fault) {
    /* Documented end: fewer than 50 rows. Whoever promises more in spite of that is believed. */
    bool promised = page->next_kind != B24_NEXT_NONE || page->more == B24_MORE;
    bool more = promised || c->rows >= B24_PAGE || is_full(c) || page->total > (int64_t)c->rows;
    if (c->repeated)
        return STALL(
            fault,
            "the list does not move on: rows after ID %lld were requested, but earlier ones came",
            (long long)c->position);
    if (c->rows == 0 && promised)
        return STALL(fault, "the portal promises rows after ID %lld, but sends none",
                     (long long)c->position);
    if (!more || c->rows == 0) return finish(c);
    if (c->last <= 0)
        return b24_fail(
            fault, B24_DECODE, "CURSOR_NO_ID", OUT_OF_ROW,
            "more rows follow one whose ID cannot be read, so there is nowhere to continue from");
    if (c->unsorted)
        return b24_fail(
            fault, B24_DECODE, "CURSOR_UNSORTED", OUT_OF_ROW,
            "rows ordered by ID were requested, but came in another order; some would be lost");
    return !is_behind(c, c->last, c->position) || move(c, c->last);
}

/* ------------------------------------------------------------ by start */

/* The page names no other one. Rights may hide rows, so the portal's count is more than what came;
   and a page that is not full is the last one. */
static bool end_unnamed(struct b24_cursor *c, const struct b24_page *page,
                        struct b24_fault *fault) {
    int64_t rows = (int64_t)c->rows, read = c->position + rows;
    int64_t size = least(c->limit, B24_PAGE), page_end = c->position + (rows > size ? rows : size);
    bool again = c->probing && is_same_page(c), counted = c->counted;
    c->probing = c->counted = false;
    if (c->total > page_end && !c->miscounted)
        return STALL(fault, "the portal counts %lld rows, but names no page after row %lld",
                     (long long)c->total, (long long)page_end);
    if (page->more == B24_MORE)
        return STALL(fault, "the portal promises rows after row %lld, but names no page there",
                     (long long)read);
    if (page->more == B24_MORE_NO || !is_full(c)) return finish(c);
    if (again && counted) { /* it knows no start=, and the count was right */
        c->discard = true;
        return finish(c);
    }
    if (again)
        return UNSURE(fault,
                      "%lld rows may be all or only the first: the portal names no next page, and "
                      "returns the same rows at start=%lld",
                      (long long)rows, (long long)c->position);
    if (c->total >= 0 && c->total < read) c->miscounted = true;
    if (c->total == read && c->total > rows && !c->miscounted) return finish(c);
    /* A full page proves nothing, nor does a count that may be only that of the page. */
    c->counted = c->total == rows && c->position == 0;
    bool known = c->listing != NULL && c->listing->at_once; /* it does mind start= */
    if (c->nameless && c->counted && !known) return finish(c);
    if (c->nameless && !known)
        return UNSURE(fault,
                      "%lld rows may be all or only the first: the portal names no next page, and "
                      "counts nothing",
                      (long long)rows);
    c->probing = true;
    return move(c, read);
}

static bool end_by_start(struct b24_cursor *c, const struct b24_page *page,
                         struct b24_fault *fault) {
    if (page->total >= 0) c->total = page->total;
    if (page->next_kind == B24_NEXT_NONE) return end_unnamed(c, page, fault);
    c->empty = c->rows > 0 ? 0 : c->empty + 1;
    c->probing = c->counted = false;
    c->step = page->next - c->position;
    if (page->next_kind == B24_NEXT_UNUSABLE || page->next <= c->position || c->empty > EMPTY_MAX ||
        is_same_page(c))
        return STALL(
            fault,
            "the list does not move on: the portal names no page later than the one at row %lld",
            (long long)c->position);
    return move(c, page->next);
}

/* ------------------------------------------------------------ at once */

static bool end_at_once(struct b24_cursor *c, const struct b24_page *page,
                        struct b24_fault *fault) {
    int64_t rows = (int64_t)c->rows;
    bool all = page->total > 0 ? page->total <= rows : !is_full(c);
    if (!all || page->next_kind != B24_NEXT_NONE || page->more == B24_MORE)
        return UNSURE(fault,
                      "all rows were requested, and it is unclear if the %lld received are all",
                      (long long)rows);
    return finish(c);
}

/* ------------------------------------------------------------ by OFFSET */

enum promise { NO_MORE, MORE, NO_WORD };

/* Whether rows follow, by what the portal says. It appends rows to a page (open lines), and hides
   some of it, so how many came says nothing. */
static enum promise promise(const struct b24_cursor *c, const struct b24_page *page) {
    int64_t rows = (int64_t)c->rows;
    if (page->more != B24_MORE_UNKNOWN) return page->more == B24_MORE ? MORE : NO_MORE;
    if (page->next_kind == B24_NEXT_GIVEN && page->next > c->position) return MORE;
    if (page->total > c->position + c->limit) return MORE;
    bool of_page = c->position == 0 && page->total == rows && rows >= c->limit;
    if (page->total >= c->position + rows && !of_page) return NO_MORE;
    return NO_WORD;
}

/* The same where nobody says a word: then only a whole page without rows is an end (small ones may
   be hidden); or one that shows that the method knows no OFFSET, and no LIMIT either, so that it
   gave everything. */
static bool judge(struct b24_cursor *c, enum promise *more, struct b24_fault *fault) {
    int64_t rows = (int64_t)c->rows, in_vain = ((int64_t)c->empty + 1) * c->limit;
    if (*more != NO_WORD) return true;
    bool end = rows == 0 ? in_vain >= B24_IM_PAGE : c->nameless && rows < c->limit;
    *more = end ? NO_MORE : MORE;
    if (!is_same_page(c)) return true;
    *more = NO_MORE;
    if (rows != c->limit) return true;
    return UNSURE(fault,
                  "%lld rows may be all or only the first: the portal says nothing of more, and "
                  "returns the same rows at OFFSET=%lld",
                  (long long)rows, (long long)c->position);
}

/* A chat that got a message while the list was read has moved up, perhaps over the row where we
   were. So the top is looked at once more, until a page has nothing new. Without ids nobody could
   tell what is new; and who began further down did not ask for the top. */
static bool look_again(struct b24_cursor *c) {
    if (!c->recent || c->pages == 1 || c->blind || !c->from_top) return finish(c);
    c->again = true;
    return move(c, 0);
}

static bool end_by_offset(struct b24_cursor *c, const struct b24_page *page,
                          struct b24_fault *fault) {
    enum promise more = promise(c, page);
    if (c->memory == B24_ID_SET_NO_MEMORY)
        return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    if (c->memory == B24_ID_SET_FULL)
        return b24_fail(fault, B24_TOO_LARGE, "LIST_TOO_LONG", NULL,
                        "the list has more than %u rows", B24_ID_SET_MAX);
    if (!judge(c, &more, fault)) return false;
    if (c->again && c->fresh == 0) return finish(c);
    if (more == NO_MORE) return c->again ? finish(c) : look_again(c);
    c->empty = c->rows > 0 ? 0 : c->empty + 1;
    if (c->fresh > 0) c->idle = 0;
    else if (c->rows > 0) c->idle++;
    if (c->idle >= IDLE_MAX || c->empty >= EMPTY_OFFSETS_MAX)
        return UNSURE(fault, "the list does not move on: %d pages held no new rows",
                      (int)(c->idle + c->empty));
    return move(c, c->position + c->limit);
}

bool b24_cursor_end(struct b24_cursor *c, const struct b24_page *page, struct b24_fault *fault) {
    c->pages++;
    c->read += (int64_t)c->fresh;
    if (c->counts && c->pages == 1) c->total = page->total;
    switch (c->paging) {
    case B24_BY_ID: return end_by_id(c, page, fault);
    case B24_BY_OFFSET: return end_by_offset(c, page, fault);
    case B24_AT_ONCE: return end_at_once(c, page, fault);
    default: return end_by_start(c, page, fault);
    }
}
