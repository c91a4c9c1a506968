/* What became of an exchange, as an event. */
#include <stdio.h>
#include <string.h>

#include "curl/error.h"
#include "curl/exchange.h"
#include "rest/hints.h"

static void take_reply(struct b24_exchange *x, struct b24_reply *reply) {
    long status = 0, version = 0, connects = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    memset(reply, 0, sizeof *reply);
    reply->status = (int)status;
    reply->http_version = version == CURL_HTTP_VERSION_1_0   ? 10
                          : version == CURL_HTTP_VERSION_1_1 ? 11
                          : version == CURL_HTTP_VERSION_2_0 ? 20
                          : version == 30 /* HTTP/3 */       ? 30
                                                             : 0;
    reply->reused = connects == 0;
    reply->body = b24_buffer_view(&x->body);
    reply->content_type = b24_view_of(x->header[B24_CONTENT_TYPE].value);
    reply->location = b24_view_of(x->header[B24_LOCATION].value);
    reply->retry_after = b24_view_of(x->header[B24_RETRY_AFTER].value);
    reply->date = b24_view_of(x->header[B24_DATE].value);
    reply->last_message_id = b24_view_of(x->header[B24_LAST_MESSAGE_ID].value);
    reply->expires = b24_view_of(x->header[B24_EXPIRES].value);
}

/* libcurl takes lines of 100 KiB; before 8.6 it lacks memory for a longer one. */
#define SAYS_TOO_LARGE 0x080600

static bool large_header(const struct b24_exchange *x, CURLcode result) {
    if (x->header_too_large) return true;
    if (!x->is_http || x->header_complete) return false;
#if LIBCURL_VERSION_NUM >= SAYS_TOO_LARGE
    if (result == CURLE_TOO_LARGE) return true;
#endif
    return result == CURLE_OUT_OF_MEMORY &&
           curl_version_info(CURLVERSION_NOW)->version_num < SAYS_TOO_LARGE;
}

/* It is HTTP, but not as the rules have it: with a line that libcurl's store of header lines
 * refuses, or with a chunk of a wrong size, of which libcurl's code is that of a lost connection.
 */
static bool garbled(const struct b24_exchange *x, CURLcode result) {
    if (x->bad_fold) return true;
    if (!x->progress.began || !x->is_http) return false;
    if (result == CURLE_RECV_ERROR) return strstr(x->words, "chunk") != NULL;
    return result == CURLE_BAD_FUNCTION_ARGUMENT || result == CURLE_WEIRD_SERVER_REPLY ||
           result == CURLE_UNSUPPORTED_PROTOCOL;
}

/* May a byte of the request have left? Said by libcurl's callback, because what it counts is too
   little: over HTTP/2 it leaves out what it wrote before a write failed. */
#if LIBCURL_VERSION_NUM >= 0x075000
static bool sent(const struct b24_exchange *x, CURLcode result) {
    (void)result;
    return x->progress.began;
}
#else
/* What libcurl counts has a CONNECT in it, which is no request to the portal. On a new connection
   that one begins behind the portal's handshake, and behind a proxy that has not refused. */
static bool sent(const struct b24_exchange *x, CURLcode result) {
    long bytes = 0, connect = 0, connects = 0;
    curl_off_t handshake = 0;
    const char *url = NULL;
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &bytes);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (bytes == 0 || connects == 0) return bytes > 0;
    curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (url == NULL || strncmp(url, "https:", 6) != 0) return true;
    curl_easy_getinfo(x->easy, CURLINFO_APPCONNECT_TIME_T, &handshake);
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &connect);
    return handshake > 0 && (connect == 0 || connect / 100 == 2) &&
           result != CURLE_PEER_FAILED_VERIFICATION && result != CURLE_SSL_CONNECT_ERROR;
}
#endif

/* A file in the body could not be read to its end: the portal has no whole request. */
static void blame_file(const struct b24_exchange *x, struct b24_failure *f) {
    const struct b24_fault *fault = &x->upload.fault;
    f->kind = fault->kind;
    f->code = fault->code;
    f->hint = fault->hint;
    f->text = b24_view_of(fault->message);
}

/* "libcurl understands deflate, gzip" says what is right. What came says what is wrong. */
static void name_encoding(struct b24_exchange *x, CURLcode result) {
    const char *name = x->header[B24_CONTENT_ENCODING].value;
    char words[CURL_ERROR_SIZE];
    if (result != CURLE_BAD_CONTENT_ENCODING || name[0] == '\0') return;
    snprintf(words, sizeof words, "the reply has Content-Encoding: %.40s: %.150s", name, x->words);
    memcpy(x->words, words, sizeof words);
}

/* `began`: a byte of the request may have left. Before 7.80 libcurl does not tell when it does. */
static void take_failure(struct b24_exchange *x, CURLcode result, bool began,
                         struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    x->progress.began = began;
    struct b24_progress progress = x->progress;
    progress.replied = progress.began && x->header_complete;
    name_encoding(x, result);
    b24_curl_error(x->easy, result, &progress, x->words, f);
    f->sent = began;
    if (result == CURLE_SEND_FAIL_REWIND)
        f->text = b24_view_of(
            "the connection was lost; the request is not sent again, because it may have run");
    if (x->upload.failed) {
        blame_file(x, f);
    } else if (x->body.state == B24_BUFFER_FULL || result == CURLE_FILESIZE_EXCEEDED) {
        f->kind = B24_TOO_LARGE;
        f->code = "REPLY_TOO_LARGE";
        f->hint = "Ask for less, or raise max_reply (bytes).";
        f->text = b24_view_of("the reply is larger than max_reply allows");
    } else if (x->body.state == B24_BUFFER_NO_MEMORY) {
        f->code = "OUT_OF_MEMORY";
        f->text = b24_view_of("out of memory while receiving the reply");
    } else if (large_header(x, result)) {
        f->kind = B24_TOO_LARGE;
        f->code = "REPLY_TOO_LARGE";
        f->hint = B24_HINT_LARGE_HEADER;
        f->text = b24_view_of("the reply's header is too large");
    } else if (garbled(x, result)) {
        f->kind = B24_NETWORK;
        f->code = "REPLY_GARBLED";
        f->hint = B24_HINT_GARBLED;
        if (!x->words[0] || x->bad_fold)
            f->text = b24_view_of("the reply's header has a line that is none");
    }
}

static void cut_header(struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    f->kind = B24_NETWORK;
    f->code = "REPLY_CUT";
    f->sent = true;
    f->hint = "The portal or a proxy closed the connection early; repeat the call.";
    f->text = b24_view_of("the connection was closed in the middle of the reply's header");
}

/* Older versions of libcurl take any number for one. */
static bool is_status(CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 100 && status <= 999;
}

void b24_exchange_end(struct b24_exchange *x, CURLcode result, struct b24_event *event) {
    if (result == CURLE_OK && x->header_complete && !is_status(x->easy)) {
        x->is_http = false;
        result = CURLE_WEIRD_SERVER_REPLY;
    }
    if (result == CURLE_OK && x->header_complete) {
        event->type = B24_REPLY;
        take_reply(x, &event->as.reply);
        if (!x->streamed) x->prepared = x->serial;
        return;
    }
    event->type = B24_FAILED;
    if (result == CURLE_OK) cut_header(&event->as.failed);
    else take_failure(x, result, sent(x, result), &event->as.failed);
}

void b24_exchange_unsent(struct b24_exchange *x, CURLcode result, struct b24_event *event) {
    struct b24_failure *f = &event->as.failed;
    event->type = B24_FAILED;
    take_failure(x, result, false, f); /* what the handle knows is of its last transfer */
    if (result == CURLE_OPERATION_TIMEDOUT)
        f->text = b24_view_of("the deadline passed before anything was sent");
}

void b24_exchange_stop(struct b24_exchange *x, struct b24_event *event) {
    struct b24_failure *f = &event->as.failed;
    event->type = B24_FAILED;
    memset(f, 0, sizeof *f);
    f->sent = sent(x, CURLE_ABORTED_BY_CALLBACK);
    f->kind = B24_CLOSED;
    f->code = "INTERRUPTED";
    f->text = b24_view_of("the call was interrupted");
}
