#include "http1/reply.h"

#include <string.h>

#include "base/ascii.h"
#include "base/url.h"

#define HEADERS_MAX                                                                                \
    (256u << 10) /* bytes of all header lines, as in transfer.c; real replies have about 1 KiB */
#define LINE_BYTES     (100u << 10) /* of one header line, as libcurl has it */
#define CHUNK_LINE_MAX 1024         /* bytes of a chunk's size and extensions; real ones have 6 */
#define CHUNK_DIGITS   16           /* hexadecimal; libcurl takes no more, zeros or not */
#define LENGTH_DIGITS  18           /* decimal, without leading zeros; more would not fit */

void b24_http_init(struct b24_http_reply *h, size_t max_reply) {
    memset(h, 0, sizeof *h);
    b24_buffer_init(&h->body, max_reply);
    b24_buffer_init(&h->line, HEADERS_MAX);
}

void b24_http_free(struct b24_http_reply *h) {
    b24_buffer_free(&h->body);
    b24_buffer_free(&h->line);
}

static void invalid(struct b24_http_reply *h, const char *what) {
    h->end = B24_HTTP_INVALID;
    h->what = what;
}

/* ------------------------------------------------------------ lines */

/* Is this the beginning of a status line, as far as it goes? A server of another protocol may never
 * send a line's end.
 */
static bool like_http(struct b24_view line) {
    static const char start[] = "http/1.";
    size_t n = line.n < sizeof start - 1 ? line.n : sizeof start - 1;
    for (size_t i = 0; i < n; i++)
        if (b24_lower(line.p[i]) != start[i]) return false;
    return true;
}

/* Moves bytes of *bytes to h->line. True: the line is whole, and stands there without its end. */
static bool take_line(struct b24_http_reply *h, struct b24_view *bytes, size_t max) {
    const char *end = memchr(bytes->p, '\n', bytes->n);
    size_t n = end != NULL ? (size_t)(end - bytes->p) + 1 : bytes->n;
    if (n > max - h->line.n) {
        h->end = B24_HTTP_LARGE;
        return false;
    }
    if (!b24_buffer_add(&h->line, bytes->p, n)) {
        h->end = B24_HTTP_NO_MEMORY;
        return false;
    }
    bytes->p += n;
    bytes->n -= n;
    if (h->part == B24_HTTP_STATUS && !like_http(b24_buffer_view(&h->line)))
        invalid(h, "the reply is not HTTP/1");
    if (h->end != B24_HTTP_OPEN || end == NULL) return false;
    bool cr = h->line.n > 1 && h->line.p[h->line.n - 2] == '\r';
    b24_buffer_cut(&h->line, h->line.n - (cr ? 2 : 1)); /* a bare LF ends a line too */
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* What begins with CR is no header line whatever follows. */
static bool is_empty(struct b24_view line) { return line.n == 0 || line.p[0] == '\r'; }

/* A line of the header or trailer: all of them together are bounded. One that is not empty is whole
 * only when the next begins: that may be a fold, which continues it. */
static bool take_header_line(struct b24_http_reply *h, struct b24_view *bytes) {
    size_t left = h->header_bytes < HEADERS_MAX ? HEADERS_MAX - h->header_bytes : 0;
    if (h->line_waits && !is_blank(bytes->p[0])) return true;
    h->line_waits = false;
    if (!take_line(h, bytes, left < LINE_BYTES ? left : LINE_BYTES)) return false;
    h->line_waits = h->part != B24_HTTP_STATUS && !is_empty(b24_buffer_view(&h->line));
    return !h->line_waits;
}

static bool has_nul(struct b24_view v) { return v.n > 0 && memchr(v.p, '\0', v.n) != NULL; }

/* ------------------------------------------------------------ status line */

/* "HTTP/1.1 200 OK"; the reason may be missing, and its space with it. */
static void status_line(struct b24_http_reply *h, struct b24_view line) {
    const char *p = line.p;
    bool good = line.n >= 12 && (p[7] == '0' || p[7] == '1') && p[8] == ' ' && p[9] >= '1' &&
                b24_is_digit(p[9]) && b24_is_digit(p[10]) && b24_is_digit(p[11]) &&
                (line.n == 12 || !b24_is_digit(p[12])) && !has_nul(line);
    if (!good) {
        invalid(h, "the reply has no status line of HTTP");
        return;
    }
    h->is_http = true;
    h->http_version = p[7] == '1' ? 11 : 10;
    h->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    h->part = B24_HTTP_FIELDS;
}

/* ------------------------------------------------------------ fields */

static struct b24_view strip(struct b24_view v) {
    while (v.n > 0 && is_blank(*v.p)) v.p++, v.n--;
    while (v.n > 0 && (is_blank(v.p[v.n - 1]) || v.p[v.n - 1] == '\r')) v.n--;
    return v;
}

/* Takes the first of a list of words with commas between them off *list. */
static struct b24_view next_word(struct b24_view *list) {
    const char *comma = list->n > 0 ? memchr(list->p, ',', list->n) : NULL;
    struct b24_view word = {list->p, comma != NULL ? (size_t)(comma - list->p) : list->n};
    size_t taken = word.n + (comma != NULL);
    list->p += taken;
    list->n -= taken;
    return strip(word);
}

/* The digits that a length begins with; what follows them is nobody's. */
static void one_length(struct b24_http_reply *h, struct b24_view v) {
    uint64_t n = 0;
    size_t digits = 0;
    if (v.n == 0 || !b24_is_digit(v.p[0])) {
        invalid(h, "the reply's Content-Length is no number");
        return;
    }
    while (v.n > 1 && v.p[0] == '0') v.p++, v.n--;
    for (; digits < v.n && b24_is_digit(v.p[digits]) && digits <= LENGTH_DIGITS; digits++)
        n = n * 10 + (uint64_t)(v.p[digits] - '0');
    if (digits > LENGTH_DIGITS) n = UINT64_MAX;
    if (h->has_length && n != h->length) invalid(h, "the reply has two lengths");
    h->has_length = true;
    h->length = n;
}

static void content_length(struct b24_http_reply *h, struct b24_view v) {
    do one_length(h, next_word(&v));
    while (v.n > 0);
}

static void transfer_encoding(struct b24_http_reply *h, struct b24_view v) {
    while (v.n > 0) {
        struct b24_view word = next_word(&v);
        if (b24_same_text(word, "chunked")) h->chunked = true;
        else if (word.n > 0 && !b24_same_text(word, "identity"))
            h->what = "the reply has a Transfer-Encoding other than chunked";
    }
}

/* Other names of these, and all others, are wrong in any reply. */
static bool is_compression(struct b24_view word) {
    static const char *const names[] = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (b24_same_text(word, names[i])) return true;
    return false;
}

/* Some servers write "none" where nothing is meant. */
static void content_encoding(struct b24_http_reply *h, struct b24_view v) {
    while (v.n > 0) {
        struct b24_view word = next_word(&v);
        bool none = word.n == 0 || b24_same_text(word, "identity") || b24_same_text(word, "none");
        if (!none)
            h->what = is_compression(word) ? "the reply is compressed, which was not asked for"
                                           : "the reply has a Content-Encoding that does not exist";
    }
}

static void connection(struct b24_http_reply *h, struct b24_view v) {
    while (v.n > 0) {
        struct b24_view word = next_word(&v);
        if (b24_same_text(word, "close")) h->closes = true;
        if (b24_same_text(word, "keep-alive")) h->keeps = true;
    }
}

static void keep_value(struct b24_http_reply *h, int which, struct b24_view v) {
    if (v.n >= B24_HTTP_VALUE_MAX) v.n = 0; /* half a value would be a wrong one */
    memcpy(h->value[which], v.p, v.n);
    h->value[which][v.n] = '\0';
}

static bool bodyless(const struct b24_http_reply *h) {
    return h->status == 204 || h->status == 304;
}

static void framing(struct b24_http_reply *h, struct b24_view name, struct b24_view value) {
    if (b24_same_text(name, "content-length")) content_length(h, value);
    else if (b24_same_text(name, "transfer-encoding")) transfer_encoding(h, value);
    else if (b24_same_text(name, "content-encoding")) content_encoding(h, value);
}

static void field(struct b24_http_reply *h, struct b24_view name, struct b24_view value) {
    static const char *const kept[B24_HTTP_VALUES] = {"content-type", "location", "retry-after",
                                                      "date"};
    if (b24_same_text(name, "connection")) connection(h, value);
    else if (!bodyless(h)) framing(h, name, value);
    for (int i = 0; i < B24_HTTP_VALUES; i++)
        if (b24_same_text(name, kept[i])) keep_value(h, i, value);
}

/* Splits a line into name and value. False: invalid. What is no name is the name of nothing that is
 * asked for, as in libcurl and browsers: servers break long lines in two, and the rest looks so. */
static bool split(struct b24_http_reply *h, struct b24_view line, struct b24_view *name,
                  struct b24_view *value) {
    const char *cr = memchr(line.p, '\r', line.n);
    const char *colon = memchr(line.p, ':', cr != NULL ? (size_t)(cr - line.p) : line.n);
    if (colon == NULL || has_nul(line)) {
        invalid(h, colon == NULL ? "a header line has no colon" : "a header line has a NUL byte");
        return false;
    }
    *name = (struct b24_view){line.p, (size_t)(colon - line.p)};
    *value = strip((struct b24_view){colon + 1, line.n - name->n - 1});
    return true;
}

#define NO_CHUNK   "the size of a chunk is no number"
#define LONG_CHUNK "a chunk is longer than it says"

/* ------------------------------------------------------------ the end of the header */

/* Beyond an interim reply (100, 103) the real one follows. */
static void interim(struct b24_http_reply *h) {
    if (h->status == 101) {
        invalid(h, "the reply switches to another protocol");
        return;
    }
    memset(h->value, 0, sizeof h->value);
    h->has_length = h->chunked = h->closes = h->keeps = false;
    h->what = NULL;
    h->part = B24_HTTP_STATUS;
}

static bool has_no_body(const struct b24_http_reply *h) {
    return bodyless(h) || (h->has_length && h->length == 0 && !h->chunked);
}

static void header_end(struct b24_http_reply *h) {
    if (h->status < 200) {
        interim(h);
        return;
    }
    if (h->has_length && h->chunked) h->closes = true; /* RFC 9112, 6.1 */
    h->keep_alive = !h->closes && (h->http_version == 11 || h->keeps);
    if (has_no_body(h)) {
        h->end = B24_HTTP_COMPLETE;
    } else if (h->what != NULL) {
        h->end = B24_HTTP_ENCODED;
    } else if (h->chunked) {
        h->part = B24_HTTP_CHUNK_SIZE;
    } else if (h->has_length) {
        h->part = B24_HTTP_BODY;
        h->left = h->length;
        if (h->left > h->body.max) h->end = B24_HTTP_LARGE;
    } else {
        h->part = B24_HTTP_REST;
    }
}

static void field_line(struct b24_http_reply *h, struct b24_view line) {
    struct b24_view name, value;
    if (is_empty(line)) header_end(h);
    else if (split(h, line, &name, &value)) field(h, name, value);
}

/* Trailers are read for their form only. */
static void trailer_line(struct b24_http_reply *h, struct b24_view line) {
    struct b24_view name, value;
    if (line.n == 0) h->end = B24_HTTP_COMPLETE;
    else if (is_empty(line)) invalid(h, LONG_CHUNK);
    else (void)split(h, line, &name, &value);
}

/* ------------------------------------------------------------ body */

/* "1f;name=value"; what follows the digits does not matter */
static void chunk_size(struct b24_http_reply *h, struct b24_view line) {
    size_t n = 0;
    h->left = 0;
    for (; n < line.n && b24_hex(line.p[n]) >= 0 && n <= CHUNK_DIGITS; n++)
        h->left = h->left * 16 + (uint64_t)b24_hex(line.p[n]);
    if (n == 0 || n > CHUNK_DIGITS || h->left > INT64_MAX) invalid(h, NO_CHUNK);
    else if (h->left > h->body.max - h->body.n) h->end = B24_HTTP_LARGE;
    else h->part = h->left > 0 ? B24_HTTP_CHUNK : B24_HTTP_TRAILER;
}

static void add(struct b24_http_reply *h, struct b24_view *bytes, size_t n) {
    if (!b24_buffer_add(&h->body, bytes->p, n))
        h->end = h->body.state == B24_BUFFER_FULL ? B24_HTTP_LARGE : B24_HTTP_NO_MEMORY;
    bytes->p += n;
    bytes->n -= n;
}

/* Bytes of a body or chunk whose length is known. */
static void body_bytes(struct b24_http_reply *h, struct b24_view *bytes) {
    size_t n = bytes->n < h->left ? bytes->n : (size_t)h->left;
    h->left -= n;
    add(h, bytes, n);
    if (h->left > 0 || h->end != B24_HTTP_OPEN) return;
    if (h->part == B24_HTTP_CHUNK) h->part = B24_HTTP_CHUNK_END;
    else h->end = B24_HTTP_COMPLETE;
}

/* What is no chunk may have no line's end either. */
static void check_begin(struct b24_http_reply *h, char first) {
    if (h->part == B24_HTTP_CHUNK_SIZE && b24_hex(first) < 0) invalid(h, NO_CHUNK);
    if (h->part == B24_HTTP_CHUNK_END && first != '\r' && first != '\n') invalid(h, LONG_CHUNK);
}

static bool all_cr(struct b24_view line) {
    while (line.n > 0 && *line.p == '\r') line.p++, line.n--;
    return line.n == 0;
}

static void chunk_line(struct b24_http_reply *h, struct b24_view *bytes) {
    if (h->line.n == 0) check_begin(h, bytes->p[0]);
    if (h->end != B24_HTTP_OPEN || !take_line(h, bytes, CHUNK_LINE_MAX)) return;
    if (h->part == B24_HTTP_CHUNK_SIZE) chunk_size(h, b24_buffer_view(&h->line));
    else if (!all_cr(b24_buffer_view(&h->line))) invalid(h, LONG_CHUNK);
    else h->part = B24_HTTP_CHUNK_SIZE;
    b24_buffer_reset(&h->line, CHUNK_LINE_MAX);
}

/* ------------------------------------------------------------ feeding */

static void header_line(struct b24_http_reply *h) {
    h->line_waits = false;
    h->header_bytes += h->line.n + 2;
    struct b24_view line = b24_buffer_view(&h->line);
    if (h->part == B24_HTTP_STATUS) status_line(h, line);
    else if (h->part == B24_HTTP_FIELDS) field_line(h, line);
    else trailer_line(h, line);
    b24_buffer_reset(&h->line, HEADERS_MAX);
}

static void step(struct b24_http_reply *h, struct b24_view *bytes) {
    switch (h->part) {
    case B24_HTTP_BODY:
    case B24_HTTP_CHUNK: body_bytes(h, bytes); break;
    case B24_HTTP_REST: add(h, bytes, bytes->n); break;
    case B24_HTTP_CHUNK_SIZE:
    case B24_HTTP_CHUNK_END: chunk_line(h, bytes); break;
    default:
        if (take_header_line(h, bytes)) header_line(h);
    }
}

enum b24_http_end b24_http_feed(struct b24_http_reply *h, struct b24_view bytes) {
    while (bytes.n > 0 && h->end == B24_HTTP_OPEN) step(h, &bytes);
    if (bytes.n > 0) h->keep_alive = false; /* whose they are, nobody knows */
    return h->end;
}

enum b24_http_end b24_http_eof(struct b24_http_reply *h) {
    h->keep_alive = false;
    if (h->end == B24_HTTP_OPEN && h->line_waits) header_line(h);
    if (h->end != B24_HTTP_OPEN) return h->end;
    h->end = h->part == B24_HTTP_REST     ? B24_HTTP_COMPLETE
             : h->part == B24_HTTP_STATUS ? B24_HTTP_SILENT
                                          : B24_HTTP_CUT;
    return h->end;
}

enum b24_http_end b24_http_lost(struct b24_http_reply *h) {
    bool replied = h->part != B24_HTTP_STATUS && h->part != B24_HTTP_FIELDS;
    h->keep_alive = false;
    if (h->end == B24_HTTP_OPEN && replied) h->end = B24_HTTP_CUT;
    return h->end;
}

/* ------------------------------------------------------------ results */

void b24_http_take(const struct b24_http_reply *h, struct b24_reply *reply) {
    memset(reply, 0, sizeof *reply);
    reply->status = h->status;
    reply->http_version = h->http_version;
    reply->content_type = b24_view_of(h->value[B24_HTTP_CONTENT_TYPE]);
    reply->location = b24_view_of(h->value[B24_HTTP_LOCATION]);
    reply->retry_after = b24_view_of(h->value[B24_HTTP_RETRY_AFTER]);
    reply->date = b24_view_of(h->value[B24_HTTP_DATE]);
    reply->body = b24_buffer_view(&h->body);
}
