/* Fuzzes the reader of HTTP/1.1 replies. The first byte says how the rest is cut, the second how
   large a reply may be. Whatever the bytes are: however they are cut, the end is the same; caps
   hold; a complete reply has a status. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http1/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_http: %s\n", what);
    abort();
}

/* Feeds pieces of `step` bytes, each in memory of its own: nothing may be read beyond it, or later.
 */
static void feed(struct b24_http_reply *h, const uint8_t *p, size_t n, size_t step) {
    while (n > 0) {
        size_t k = n < step ? n : step;
        char *piece = malloc(k);
        memcpy(piece, p, k);
        b24_http_feed(h, (struct b24_view){piece, k});
        free(piece);
        p += k;
        n -= k;
    }
}

static void check(const struct b24_http_reply *h) {
    struct b24_reply r;
    struct b24_failure f;
    must(h->end != B24_HTTP_OPEN, "open after the end");
    must(h->body.n <= h->body.max, "more than max_reply");
    if (h->end == B24_HTTP_COMPLETE) {
        b24_http_take(h, &r);
        must(r.status >= 200 && r.status <= 999, "a reply without status");
        must(r.http_version == 10 || r.http_version == 11, "a reply without version");
        must(r.location.n < B24_HTTP_VALUE_MAX && r.body.p[r.body.n] == '\0',
             "a reply without end");
    } else {
        b24_http_failure(h, &f);
        must(f.kind != B24_OK && f.code != NULL && f.text.n > 0 && f.sent,
             "a failure without words");
        must(!h->keep_alive, "a broken connection is kept");
    }
}

static void same(const struct b24_http_reply *a, const struct b24_http_reply *b) {
    must(a->end == b->end && a->keep_alive == b->keep_alive, "the cut changes the end");
    must(a->status == b->status && a->what == b->what, "the cut changes the judgement");
    must(memcmp(a->value, b->value, sizeof a->value) == 0, "the cut changes a header");
    if (a->end != B24_HTTP_COMPLETE) return; /* how much of a bad body was kept does not matter */
    must(a->body.n == b->body.n && (a->body.n == 0 || memcmp(a->body.p, b->body.p, a->body.n) == 0),
         "the cut changes the body");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_http_reply whole, pieces;
    if (size < 2) return 0;
    size_t step = (size_t)data[0] % 16 + 1, max = (size_t)data[1] * 8 + 1;
    b24_http_init(&whole, max);
    b24_http_init(&pieces, max);
    feed(&whole, data + 2, size - 2, size);
    feed(&pieces, data + 2, size - 2, step);
    bool kept = whole.keep_alive && whole.end == B24_HTTP_COMPLETE;
    must(kept == (pieces.keep_alive && pieces.end == B24_HTTP_COMPLETE),
         "the cut changes what is kept");
    b24_http_eof(&whole);
    b24_http_eof(&pieces);
    check(&whole);
    check(&pieces);
    same(&whole, &pieces);
    b24_http_free(&whole);
    b24_http_free(&pieces);
    return 0;
}
