/* The lines of a reply's header, as libcurl hands them out. */
#include <string.h>

#include "base/ascii.h"
#include "curl/exchange.h"

#define HEADERS_MAX (256u << 10) /* bytes of one reply's header; real ones have about 1 KiB */

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* A line of a header's value: the first, or one that was folded (libcurl 8.18 unfolds them). False:
 * there are too many, and half a value would be a wrong one. */
static bool add_value(struct b24_header *h, const char *p, size_t n) {
    size_t used = strlen(h->value);
    while (n > 0 && blank(*p)) p++, n--;
    while (n > 0 && blank(p[n - 1])) n--;
    if (used > 0 && n > 0) h->value[used++] = ' ';
    bool fits = n < B24_HEADER_VALUE_MAX - used;
    if (!fits) n = used = 0;
    memcpy(h->value + used, p, n);
    h->value[used + n] = '\0';
    return fits;
}

void b24_forget_header(struct b24_exchange *x) {
    for (int i = 0; i < B24_HEADERS; i++) x->header[i].value[0] = '\0';
    x->header_complete = x->is_http = false;
    x->folds = NULL;
}

#define NAME(text)                                                                                 \
    { (text), sizeof(text) - 1 }
static const struct {
    const char *name;
    size_t n;
} names[B24_HEADERS] = {
    [B24_CONTENT_TYPE] = NAME("content-type"),
    [B24_LOCATION] = NAME("location"),
    [B24_RETRY_AFTER] = NAME("retry-after"),
    [B24_DATE] = NAME("date"),
    [B24_CONTENT_ENCODING] = NAME("content-encoding"),
    [B24_LAST_MESSAGE_ID] = NAME("last-message-id"),
    [B24_EXPIRES] = NAME("expires"),
};

static void keep_line(struct b24_exchange *x, const char *p, size_t n) {
    if (p[0] == ' ' || p[0] == '\t') {
        if (x->folds != NULL && !add_value(x->folds, p, n)) x->folds = NULL;
        return;
    }
    x->folds = NULL;
    for (int i = 0; i < B24_HEADERS; i++) {
        size_t k = names[i].n;
        if (n <= k || p[k] != ':' || !b24_starts(p, names[i].name)) continue;
        struct b24_header *h = &x->header[i];
        h->value[0] = '\0';
        x->folds = add_value(h, p + k + 1, n - k - 1) ? h : NULL;
    }
}

static void guard_first_line(struct b24_exchange *x, bool on) {
    if (!x->guards_folds) return;
    x->first_line = curl_easy_setopt(x->easy, CURLOPT_HEADER, (long)on) == CURLE_OK && on;
}

size_t b24_on_first_line(struct b24_exchange *x, const char *p, size_t n) {
    guard_first_line(x, false);
    x->bad_fold = n > 0 && (p[0] == ' ' || p[0] == '\t');
    return x->bad_fold ? 0 : n;
}

size_t b24_on_header(char *p, size_t size, size_t n, void *arg) {
    struct b24_exchange *x = arg;
    n *= size;
    x->header_bytes += n;
    x->header_too_large = x->header_bytes > HEADERS_MAX;
    if (x->header_too_large) return 0;
    if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
        b24_forget_header(x); /* a 1xx or a proxy's header came first */
        x->is_http = true;
        guard_first_line(x, true);
        return n;
    }
    if (x->header_complete) return n; /* a trailer */
    /* A line that the connection's end cut behind its \r ends nothing. */
    if (n > 0 && (p[0] == '\r' || p[0] == '\n') && p[n - 1] == '\n') x->header_complete = true;
    if (n > 0) keep_line(x, p, n);
    return n;
}
