/* What a reply that is none or not whole is called. */
#include <string.h>

#include "http1/reply.h"
#include "rest/hints.h"

#define HINT_ENCODING                                                                              \
    "The portal or a proxy encodes its reply, or labels it so, although it was asked not to: its " \
    "administrator has to correct that."

static const char *cut_words(const struct b24_http_reply *h) {
    if (h->part == B24_HTTP_FIELDS)
        return "the connection was closed in the middle of the reply's header";
    return "the connection was closed in the middle of the reply";
}

static bool in_body(const struct b24_http_reply *h) {
    switch (h->part) {
    case B24_HTTP_STATUS:
    case B24_HTTP_FIELDS:
    case B24_HTTP_TRAILER: return false;
    default: return true;
    }
}

static void large(const struct b24_http_reply *h, struct b24_failure *f) {
    f->kind = B24_TOO_LARGE;
    f->code = "REPLY_TOO_LARGE";
    f->hint = in_body(h) ? "Ask for less, or raise max_reply (bytes)." : B24_HINT_LARGE_HEADER;
    f->text = b24_view_of(in_body(h) ? "the reply is larger than max_reply allows"
                                     : "the reply's header is too large");
}

void b24_http_failure(const struct b24_http_reply *h, struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    f->kind = B24_NETWORK;
    f->sent = true;
    switch (h->end) {
    case B24_HTTP_LARGE: large(h, f); break;
    case B24_HTTP_ENCODED:
        f->kind = B24_DECODE;
        f->code = "UNKNOWN_ENCODING";
        f->hint = HINT_ENCODING;
        f->text = b24_view_of(h->what);
        break;
    case B24_HTTP_NO_MEMORY:
        f->code = "OUT_OF_MEMORY";
        f->text = b24_view_of("out of memory while receiving the reply");
        break;
    case B24_HTTP_INVALID:
        f->code = h->is_http ? "REPLY_GARBLED" : "NOT_HTTP";
        f->hint = h->is_http ? B24_HINT_GARBLED : B24_HINT_NOT_HTTP;
        f->text = b24_view_of(h->what);
        break;
    case B24_HTTP_SILENT:
        f->code = "NO_REPLY";
        f->hint = B24_HINT_CUT;
        f->text = b24_view_of("the connection was closed without a reply");
        break;
    default:
        f->code = "REPLY_CUT";
        f->hint = B24_HINT_CUT;
        f->text = b24_view_of(cut_words(h));
    }
}
