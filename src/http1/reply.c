#include "http1/reply.h"

#include <string.h>

#include "base/url.h"
#include "rest/hints.h"

#define HEADERS_MAX                                                                                \
    (256u << 10) /* bytes of all header lines, as in transfer.c; real replies have about 1 KiB */
#define CHUNK_LINE_MAX 1024 /* bytes of a chunk's size and extensions; real ones have 6 */
#define CHUNK_DIGITS   15   /* hexadecimal; more would not fit */
#define LENGTH_DIGITS  18   /* decimal; more would not fit */

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
    static const char start[] = "HTTP/1.";
    size_t n = line.n < sizeof start - 1 ? line.n : sizeof start - 1;
    return memcmp(line.p, start, n) == 0;
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
    if (h->line.n < 2 || h->line.p[h->line.n - 2] != '\r') {
        invalid(h, "a line does not end in CR LF");
        return false;
    }
    b24_buffer_cut(&h->line, h->line.n - 2);
    return true;
}

/* A line of the header or trailer: all of them together are bounded. */
static bool take_header_line(struct b24_http_reply *h, struct b24_view *bytes) {
    if (!take_line(h, bytes, HEADERS_MAX - h->header_bytes)) return false;
    h->header_bytes += h->line.n + 2;
    return true;
}

static bool printable(struct b24_view v) {
    for (size_t i = 0; i < v.n; i++)
        if (((unsigned char)v.p[i] < ' ' && v.p[i] != '\t') || v.p[i] == 0x7f) return false;
    return true;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* ------------------------------------------------------------ status line */

/* "HTTP/1.1 200 OK"; the reason may be missing, and its space with it. */
static void status_line(struct b24_http_reply *h, struct b24_view line) {
    const char *p = line.p;
    bool good = line.n >= 12 && (p[7] == '0' || p[7] == '1') && p[8] == ' ' && p[9] >= '1' &&
                digit(p[9]) && digit(p[10]) && digit(p[11]) && (line.n == 12 || p[12] == ' ') &&
                printable(line);
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

static bool token(struct b24_view name) {
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c);
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) return false;
    }
    return name.n > 0;
}

static struct b24_view strip(struct b24_view v) {
    while (v.n > 0 && (*v.p == ' ' || *v.p == '\t')) v.p++, v.n--;
    while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t')) v.n--;
    return v;
}

static void content_length(struct b24_http_reply *h, struct b24_view v) {
    uint64_t n = 0;
    bool good = v.n > 0 && v.n <= LENGTH_DIGITS;
    for (size_t i = 0; i < v.n && good; i++) {
        good = digit(v.p[i]);
        n = n * 10 + (uint64_t)(v.p[i] - '0');
    }
    if (!good) invalid(h, "the reply's Content-Length is no number");
    else if (h->has_length && n != h->length) invalid(h, "the reply has two lengths");
    h->has_length = true;
    h->length = n;
}

static void transfer_encoding(struct b24_http_reply *h, struct b24_view v) {
    if (h->chunked || !b24_same_text(v, "chunked"))
        invalid(h, "the reply has a Transfer-Encoding other than chunked");
    h->chunked = true;
}

/* A list of words with commas between them. */
static void connection(struct b24_http_reply *h, struct b24_view v) {
    while (v.n > 0) {
        const char *comma = memchr(v.p, ',', v.n);
        size_t n = comma != NULL ? (size_t)(comma - v.p) : v.n;
        struct b24_view word = strip((struct b24_view){v.p, n});
        if (b24_same_text(word, "close")) h->closes = true;
        if (b24_same_text(word, "keep-alive")) h->keeps = true;
        n += comma != NULL;
        v.p += n;
        v.n -= n;
    }
}

static void keep_value(struct b24_http_reply *h, int which, struct b24_view v) {
    if (v.n >= B24_HTTP_VALUE_MAX) v.n = 0; /* half a value would be a wrong one */
    memcpy(h->value[which], v.p, v.n);
    h->value[which][v.n] = '\0';
}

static void field(struct b24_http_reply *h, struct b24_view name, struct b24_view value) {
    static const char *const kept[B24_HTTP_VALUES] = {"content-type", "location", "retry-after"};
    if (b24_same_text(name, "content-length")) content_length(h, value);
    else if (b24_same_text(name, "transfer-encoding")) transfer_encoding(h, value);
    else if (b24_same_text(name, "connection")) connection(h, value);
    else if (b24_same_text(name, "content-encoding"))
        h->encoded = h->encoded || !b24_same_text(value, "identity");
    for (int i = 0; i < B24_HTTP_VALUES; i++)
        if (b24_same_text(name, kept[i])) keep_value(h, i, value);
}

/* Splits a line into name and value. False: invalid. */
static bool split(struct b24_http_reply *h, struct b24_view line, struct b24_view *name,
                  struct b24_view *value) {
    const char *colon = memchr(line.p, ':', line.n);
    if (line.p[0] == ' ' || line.p[0] == '\t') {
        invalid(h, "a header line is folded");
        return false;
    }
    *name = (struct b24_view){line.p, colon != NULL ? (size_t)(colon - line.p) : 0};
    if (!token(*name)) {
        invalid(h, "a header line has no name");
        return false;
    }
    *value = (struct b24_view){colon + 1, line.n - name->n - 1};
    if (!printable(*value)) {
        invalid(h, "a header line has control characters");
        return false;
    }
    *value = strip(*value);
    return true;
}

/* ------------------------------------------------------------ the end of the header */

/* Beyond an interim reply (100, 103) the real one follows. */
static void interim(struct b24_http_reply *h) {
    if (h->status == 101) {
        invalid(h, "the reply switches to another protocol");
        return;
    }
    memset(h->value, 0, sizeof h->value);
    h->has_length = h->chunked = h->closes = h->keeps = h->encoded = false;
    h->part = B24_HTTP_STATUS;
}

static const char *framing_problem(const struct b24_http_reply *h) {
    if (h->has_length && h->chunked) return "the reply has a length and is chunked";
    if (h->chunked && h->http_version == 10) return "the reply is chunked, in HTTP/1.0";
    if (h->encoded) return "the reply is compressed, which was not requested";
    return NULL;
}

static void header_end(struct b24_http_reply *h) {
    if (h->status < 200) {
        interim(h);
        return;
    }
    const char *wrong = framing_problem(h);
    h->keep_alive = !h->closes && (h->http_version == 11 || h->keeps);
    if (wrong != NULL) {
        invalid(h, wrong);
    } else if (h->status == 204 || h->status == 304) {
        h->end = B24_HTTP_COMPLETE;
    } else if (h->chunked) {
        h->part = B24_HTTP_CHUNK_SIZE;
    } else if (h->has_length) {
        h->part = B24_HTTP_BODY;
        h->left = h->length;
        if (h->left > h->body.max) h->end = B24_HTTP_LARGE;
        else if (h->left == 0) h->end = B24_HTTP_COMPLETE;
    } else if (h->keep_alive) {
        invalid(h, "the reply has no length, and does not say that the connection ends");
    } else {
        h->part = B24_HTTP_REST;
    }
}

static void field_line(struct b24_http_reply *h, struct b24_view line) {
    struct b24_view name, value;
    if (line.n == 0) header_end(h);
    else if (split(h, line, &name, &value)) field(h, name, value);
}

/* Trailers are read for their form only. */
static void trailer_line(struct b24_http_reply *h, struct b24_view line) {
    struct b24_view name, value;
    if (line.n == 0) h->end = B24_HTTP_COMPLETE;
    else (void)split(h, line, &name, &value);
}

/* ------------------------------------------------------------ body */

static int hex(char c) {
    if (digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* "1f;name=value" */
static void chunk_size(struct b24_http_reply *h, struct b24_view line) {
    size_t n = 0;
    h->left = 0;
    for (; n < line.n && hex(line.p[n]) >= 0 && n <= CHUNK_DIGITS; n++)
        h->left = h->left * 16 + (uint64_t)hex(line.p[n]);
    struct b24_view rest = strip((struct b24_view){line.p + n, line.n - n});
    bool good = n > 0 && n <= CHUNK_DIGITS && (rest.n == 0 || rest.p[0] == ';') && printable(rest);
    if (!good) invalid(h, "the size of a chunk is no number");
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

static void chunk_line(struct b24_http_reply *h, struct b24_view *bytes) {
    if (!take_line(h, bytes, CHUNK_LINE_MAX)) return;
    if (h->part == B24_HTTP_CHUNK_SIZE) chunk_size(h, b24_buffer_view(&h->line));
    else if (h->line.n > 0) invalid(h, "a chunk is longer than it says");
    else h->part = B24_HTTP_CHUNK_SIZE;
    b24_buffer_reset(&h->line, CHUNK_LINE_MAX);
}

/* ------------------------------------------------------------ feeding */

static void header_line(struct b24_http_reply *h, struct b24_view *bytes) {
    if (!take_header_line(h, bytes)) return;
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
    default: header_line(h, bytes);
    }
}

enum b24_http_end b24_http_feed(struct b24_http_reply *h, struct b24_view bytes) {
    if (bytes.n > 0) h->begun = true;
    while (bytes.n > 0 && h->end == B24_HTTP_OPEN) step(h, &bytes);
    if (bytes.n > 0) h->keep_alive = false; /* whose they are, nobody knows */
    return h->end;
}

enum b24_http_end b24_http_eof(struct b24_http_reply *h) {
    h->keep_alive = false;
    if (h->end != B24_HTTP_OPEN) return h->end;
    h->end = h->part == B24_HTTP_REST ? B24_HTTP_COMPLETE
             : h->begun               ? B24_HTTP_CUT
                                      : B24_HTTP_SILENT;
    return h->end;
}

/* ------------------------------------------------------------ results */

static struct b24_view text_view(const char *s) { return (struct b24_view){s, strlen(s)}; }

void b24_http_take(const struct b24_http_reply *h, struct b24_reply *reply) {
    memset(reply, 0, sizeof *reply);
    reply->status = h->status;
    reply->http_version = h->http_version;
    reply->content_type = text_view(h->value[B24_HTTP_CONTENT_TYPE]);
    reply->location = text_view(h->value[B24_HTTP_LOCATION]);
    reply->retry_after = text_view(h->value[B24_HTTP_RETRY_AFTER]);
    reply->body = b24_buffer_view(&h->body);
}

static const char *cut_words(const struct b24_http_reply *h) {
    if (h->part == B24_HTTP_STATUS || h->part == B24_HTTP_FIELDS)
        return "the connection was closed in the middle of the reply's header";
    return "the connection was closed in the middle of the reply";
}

void b24_http_failure(const struct b24_http_reply *h, struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    f->kind = B24_NETWORK;
    f->sent = true;
    switch (h->end) {
    case B24_HTTP_LARGE:
        f->kind = B24_TOO_LARGE;
        f->code = "REPLY_TOO_LARGE";
        f->hint = "Ask for less, or raise max_reply (bytes).";
        f->text = text_view("the reply is larger than max_reply allows");
        break;
    case B24_HTTP_NO_MEMORY:
        f->code = "OUT_OF_MEMORY";
        f->text = text_view("out of memory while receiving the reply");
        break;
    case B24_HTTP_INVALID:
        f->code = h->is_http ? "REPLY_GARBLED" : "NOT_HTTP";
        f->hint = h->is_http ? "The portal or a proxy sent a broken reply; repeat the call, and "
                               "check proxies if it stays."
                             : B24_HINT_NOT_HTTP;
        f->text = text_view(h->what);
        break;
    case B24_HTTP_SILENT:
        f->code = "NO_REPLY";
        f->hint = B24_HINT_CUT;
        f->text = text_view("the connection was closed without a reply");
        break;
    default:
        f->code = "REPLY_CUT";
        f->hint = B24_HINT_CUT;
        f->text = text_view(cut_words(h));
    }
}
