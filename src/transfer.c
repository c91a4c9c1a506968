#define _POSIX_C_SOURCE 200809L
#include "transfer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "curl_error.h"
#include "sigpipe.h"
#include "trust.h"

#define KEPT_CONNECTIONS 64           /* libcurl's 5 would mean a handshake per call from the sixth portal on */
#define SLICE            100          /* ms: longest wait between two looks at interrupt and deadline */
#define HEADERS_MAX      (256u << 10) /* bytes of one reply's header; real ones have about 1 KiB */
#define VALUE_MAX        1024         /* bytes of a header value that we read */
#define BODY_KEPT        (64u << 10)  /* bytes of body memory kept between calls */

struct header {
    const char *name;
    char value[VALUE_MAX];
};

enum { CONTENT_TYPE, LOCATION, RETRY_AFTER, HEADERS };

struct b24_transfer {
    pid_t owner;
    bool old_curl;    /* may raise SIGPIPE */
    int last_version; /* HTTP version of the last reply */
    CURLM *multi;
    CURL *easy;
    struct curl_slist *lines; /* header lines of the request */
    uint64_t prepared;        /* serial of the conf that the handle's options are of; 0: set them all */
    struct b24_buffer body;
    struct header header[HEADERS];
    size_t header_bytes;
    bool header_complete; /* the empty line was seen: a header cut in the middle is no reply */
    bool header_too_large;
    struct b24_view upload; /* what is left of a body that must not be sent twice */
    char words[CURL_ERROR_SIZE];
};

/* Once in a process, but again after a failure (which can only be a lack of memory). Never undone: others in the
   process may use libcurl too. */
static bool start_libcurl(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool started = false;
    pthread_mutex_lock(&lock);
    if (!started) started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    bool ok = started;
    pthread_mutex_unlock(&lock);
    return ok;
}

struct b24_transfer *b24_transfer_new(void) {
    if (!start_libcurl()) return NULL;
    struct b24_transfer *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->owner = getpid();
    t->old_curl = curl_version_info(CURLVERSION_NOW)->version_num < 0x075700;
    t->multi = curl_multi_init();
    t->easy = curl_easy_init();
    t->header[CONTENT_TYPE].name = "content-type";
    t->header[LOCATION].name = "location";
    t->header[RETRY_AFTER].name = "retry-after";
    if (t->multi == NULL || t->easy == NULL ||
        curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) != CURLM_OK) {
        b24_transfer_free(t);
        return NULL;
    }
#if LIBCURL_VERSION_NUM >= 0x081400
    curl_multi_setopt(t->multi, CURLMOPT_QUICK_EXIT, 1L); /* 8.20 moved the option to the multi handle */
#endif
    return t;
}

bool b24_transfer_usable(const struct b24_transfer *t) { return t->owner == getpid(); }

void b24_transfer_free(struct b24_transfer *t) {
    struct b24_sigpipe sigpipe = {false};
    if (t == NULL) return;
    if (t->old_curl) b24_sigpipe_block(&sigpipe);
    curl_easy_cleanup(t->easy);
    curl_multi_cleanup(t->multi);
    b24_sigpipe_restore(&sigpipe);
    curl_slist_free_all(t->lines);
    b24_buffer_free(&t->body);
    free(t);
}

/* ------------------------------------------------------------ callbacks: bounded C memory only */

static size_t on_body(char *p, size_t size, size_t n, void *arg) {
    struct b24_transfer *t = arg;
    return b24_buffer_add(&t->body, p, size * n) ? size * n : 0;
}

static void keep_value(struct header *h, const char *p, size_t n) {
    while (n > 0 && (*p == ' ' || *p == '\t')) p++, n--;
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n' || p[n - 1] == ' ')) n--;
    if (n >= VALUE_MAX) n = 0; /* half a value would be a wrong one */
    memcpy(h->value, p, n);
    h->value[n] = '\0';
}

static void forget_header(struct b24_transfer *t) {
    for (int i = 0; i < HEADERS; i++) t->header[i].value[0] = '\0';
    t->header_complete = false;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg) {
    struct b24_transfer *t = arg;
    n *= size;
    t->header_bytes += n;
    t->header_too_large = t->header_bytes > HEADERS_MAX;
    if (t->header_too_large) return 0;
    if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) forget_header(t); /* a 1xx or a proxy's header came first */
    if (n > 0 && (p[0] == '\r' || p[0] == '\n')) t->header_complete = true;
    for (int i = 0; i < HEADERS; i++) {
        size_t k = strlen(t->header[i].name);
        if (n > k && p[k] == ':' && strncasecmp(p, t->header[i].name, k) == 0)
            keep_value(&t->header[i], p + k + 1, n - k - 1);
    }
    return n;
}

static size_t on_upload(char *to, size_t size, size_t n, void *arg) {
    struct b24_transfer *t = arg;
    n *= size;
    if (n > t->upload.n) n = t->upload.n;
    memcpy(to, t->upload.p, n);
    t->upload.p += n;
    t->upload.n -= n;
    return n;
}

/* libcurl repeats a request by itself when a kept connection turns out dead, and must rewind the body for it. A call
   that may have run must not run again: refuse. */
static int on_rewind(void *arg, curl_off_t offset, int origin) {
    (void)arg, (void)offset, (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

/* ------------------------------------------------------------ options */

/* Everything goes through here, so that one failure (out of memory, an option this libcurl lacks) is never lost. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (r == CURLE_OK) r = curl_easy_setopt(t->easy, option, value);                                               \
    } while (0)

/* libcurl's own default, said aloud: curl_easy_reset cannot report that it ran out of memory half-way. It then leaves 0
   here, and an upload in pieces of 0 bytes hangs until the deadline. */
#define UPLOAD_PIECE 65536L

static CURLcode set_body(struct b24_transfer *t, const struct b24_request *request) {
    CURLcode r = CURLE_OK;
    SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_PIECE);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
    if (request->repeatable) {
        SET(CURLOPT_POSTFIELDS, request->body.p); /* not copied: valid during the send */
    } else {
        t->upload = request->body;
        SET(CURLOPT_READFUNCTION, on_upload);
        SET(CURLOPT_READDATA, t);
        SET(CURLOPT_SEEKFUNCTION, on_rewind);
        SET(CURLOPT_SEEKDATA, t);
    }
    return r;
}

static CURLcode set_trust(struct b24_transfer *t, const struct b24_conf *conf) {
    CURLcode r = CURLE_OK;
    struct b24_trust trust = {conf->ca_file, conf->ca_path};
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (trust.file == NULL && trust.path == NULL) trust = b24_trust_system();
    if (trust.file == NULL && trust.path == NULL) return r;
    /* Both explicitly: with Debian's built-in CAPATH beside a bundle libcurl would parse the bundle for every
     * connection. */
    SET(CURLOPT_CAINFO, trust.file);
    CURLcode path = curl_easy_setopt(t->easy, CURLOPT_CAPATH, trust.path);
    /* A TLS backend without such directories refuses the option; that hurts only who wants one. */
    if (r == CURLE_OK && (trust.path != NULL || path == CURLE_OUT_OF_MEMORY)) r = path;
    return r;
}

static CURLcode set_http(struct b24_transfer *t, const struct b24_conf *conf) {
    static const long versions[] = {CURL_HTTP_VERSION_NONE, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS};
    CURLcode r = CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, versions[conf->http_version]);
    SET(CURLOPT_HTTPHEADER, t->lines);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* whatever this libcurl can decode */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    /* A kept connection of an older version would be taken otherwise. */
    if (conf->http_version == B24_HTTP_2 && t->last_version != 20) SET(CURLOPT_FRESH_CONNECT, 1L);
    if (conf->proxy != NULL) SET(CURLOPT_PROXY, conf->proxy);
    else if (strncmp(conf->origin, "http://", 7) == 0)
        SET(CURLOPT_NOPROXY, "*"); /* loopback: nobody else may read it */
    return r;
}

static CURLcode set_callbacks(struct b24_transfer *t) {
    CURLcode r = CURLE_OK;
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->words);
    return r;
}

static CURLcode set_time(struct b24_transfer *t, const struct b24_conf *conf, const struct b24_request *request) {
    CURLcode r = CURLE_OK;
    b24_ms connect = conf->connect_timeout < request->timeout ? conf->connect_timeout : request->timeout;
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a hanging DNS lookup must not outlast the deadline */
#endif
    return r;
}

static CURLcode add_lines(struct b24_transfer *t, const struct b24_request *request) {
    curl_slist_free_all(t->lines);
    t->lines = NULL;
    for (const char *const *h = request->headers;; h++) {
        /* Last: no "Expect: 100-continue", which costs a second where a proxy ignores it. */
        struct curl_slist *longer = curl_slist_append(t->lines, *h != NULL ? *h : "Expect:");
        if (longer == NULL) return CURLE_OUT_OF_MEMORY;
        t->lines = longer;
        if (*h == NULL) return CURLE_OK;
    }
}

/* What depends on the conf alone. Reset first, so that no error path can forget it; connections and sessions stay. */
static CURLcode set_all(struct b24_transfer *t, const struct b24_conf *conf, const struct b24_request *request) {
    curl_easy_reset(t->easy);
    CURLcode r = add_lines(t, request);
    if (r == CURLE_OK) r = set_trust(t, conf);
    if (r == CURLE_OK) r = set_http(t, conf);
    if (r == CURLE_OK) r = set_callbacks(t);
    return r;
}

/* A call like the last good one needs only its URL, body and times. Never one whose body goes through the read
   callback: what that leaves behind is not for others. */
static bool like_the_last(const struct b24_transfer *t, const struct b24_conf *conf,
                          const struct b24_request *request) {
    return t->prepared == conf->serial && request->repeatable && conf->http_version != B24_HTTP_2;
}

static CURLcode prepare(struct b24_transfer *t, const struct b24_conf *conf, const struct b24_request *request) {
    CURLcode r = like_the_last(t, conf, request) ? CURLE_OK : set_all(t, conf, request);
    t->prepared = 0;
    b24_buffer_reset(&t->body, BODY_KEPT);
    t->body.max = conf->max_reply;
    t->header_bytes = 0;
    t->header_too_large = false;
    t->words[0] = '\0';
    forget_header(t);
    SET(CURLOPT_URL, request->url);
    if (r == CURLE_OK) r = set_body(t, request);
    if (r == CURLE_OK) r = set_time(t, conf, request);
    return r;
}

/* ------------------------------------------------------------ the transfer */

enum end { RUNNING, ENDED, STOPPED };

/* One slice of work and waiting. */
static enum end slice(struct b24_transfer *t, b24_ms deadline, CURLcode *result) {
    int running = 0, left = 0;
    if (curl_multi_perform(t->multi, &running) != CURLM_OK) {
        *result = CURLE_OUT_OF_MEMORY; /* the only cause with handles that are in order */
        return ENDED;
    }
    if (running == 0) {
        CURLMsg *m = curl_multi_info_read(t->multi, &left);
        *result = m != NULL ? m->data.result : CURLE_OUT_OF_MEMORY;
        return ENDED;
    }
    if (b24_clock() >= deadline) { /* libcurl keeps it too; this is for what it cannot time */
        *result = CURLE_OPERATION_TIMEDOUT;
        return ENDED;
    }
    if (curl_multi_poll(t->multi, NULL, 0, SLICE, NULL) == CURLM_OK) return RUNNING;
    *result = CURLE_OUT_OF_MEMORY;
    return ENDED;
}

#define DEADLINE_GRACE 20 /* ms: libcurl's own timeout has the better words */

/* STOPPED: interrupted. */
static enum end run(struct b24_transfer *t, b24_ms timeout, const struct b24_interrupt *interrupt, CURLcode *result) {
    b24_ms deadline = b24_clock() + timeout + DEADLINE_GRACE;
    enum end end = RUNNING;
    if (curl_multi_add_handle(t->multi, t->easy) != CURLM_OK) {
        *result = CURLE_OUT_OF_MEMORY;
        return ENDED;
    }
    while (end == RUNNING) {
        end = slice(t, deadline, result);
        if (end == RUNNING && interrupt->interrupted(interrupt->arg)) end = STOPPED;
    }
    return end;
}

static struct b24_view text_view(const char *s) { return (struct b24_view){s, strlen(s)}; }

static void take_reply(struct b24_transfer *t, struct b24_reply *reply) {
    long status = 0, version = 0, connects = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
    memset(reply, 0, sizeof *reply);
    reply->status = (int)status;
    reply->http_version = version == CURL_HTTP_VERSION_1_0   ? 10
                          : version == CURL_HTTP_VERSION_1_1 ? 11
                          : version == CURL_HTTP_VERSION_2_0 ? 20
                          : version == 30 /* HTTP/3 */       ? 30
                                                             : 0;
    reply->reused = connects == 0;
    t->last_version = reply->http_version;
    reply->body = b24_buffer_view(&t->body);
    reply->content_type = text_view(t->header[CONTENT_TYPE].value);
    reply->location = text_view(t->header[LOCATION].value);
    reply->retry_after = text_view(t->header[RETRY_AFTER].value);
}

static void take_failure(struct b24_transfer *t, CURLcode result, struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    b24_curl_error(t->easy, result, f);
    f->text = text_view(t->words[0] ? t->words : curl_easy_strerror(result));
    if (result == CURLE_SEND_FAIL_REWIND)
        f->text = text_view("the connection was lost; the request is not sent again, because it may have run");
    if (t->body.state == B24_BUFFER_FULL || t->header_too_large) {
        f->kind = B24_TOO_LARGE;
        f->code = "REPLY_TOO_LARGE";
        f->hint = "Ask for less, or raise max_reply (bytes).";
        f->text = text_view("the reply is larger than max_reply allows");
    } else if (t->body.state == B24_BUFFER_NO_MEMORY) {
        f->code = "OUT_OF_MEMORY";
        f->text = text_view("out of memory while receiving the reply");
    }
}

static void cut_header(struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    f->kind = B24_NETWORK;
    f->code = "REPLY_CUT";
    f->sent = true;
    f->hint = "The portal or a proxy closed the connection early; repeat the call.";
    f->text = text_view("the connection was closed in the middle of the reply's header");
}

static void interrupted(struct b24_transfer *t, struct b24_failure *f) {
    memset(f, 0, sizeof *f);
    b24_curl_error(t->easy, CURLE_ABORTED_BY_CALLBACK, f);
    f->kind = B24_CLOSED;
    f->code = "INTERRUPTED";
    f->text = text_view("the call was interrupted");
}

void b24_transfer_send(struct b24_transfer *t, const struct b24_conf *conf, const struct b24_request *request,
                       const struct b24_interrupt *interrupt, struct b24_event *event) {
    struct b24_sigpipe sigpipe = {false};
    if (t->old_curl) b24_sigpipe_block(&sigpipe);
    CURLcode result = prepare(t, conf, request);
    enum end end = result == CURLE_OK ? run(t, request->timeout, interrupt, &result) : ENDED;
    if (end == ENDED && result == CURLE_OK && t->header_complete) {
        event->type = B24_REPLY;
        take_reply(t, &event->as.reply);
        if (request->repeatable) t->prepared = conf->serial;
    } else {
        event->type = B24_FAILED;
        if (end == STOPPED) interrupted(t, &event->as.failed);
        else if (result == CURLE_OK) cut_header(&event->as.failed);
        else take_failure(t, result, &event->as.failed);
    }
    curl_multi_remove_handle(t->multi, t->easy);
    b24_sigpipe_restore(&sigpipe);
}

void b24_transfer_sleep(struct b24_transfer *t, b24_ms duration, const struct b24_interrupt *interrupt) {
    b24_ms until = b24_clock() + duration;
    for (b24_ms left = duration; left > 0 && !interrupt->interrupted(interrupt->arg); left = until - b24_clock())
        curl_multi_poll(t->multi, NULL, 0, left < SLICE ? (int)left : SLICE, NULL);
}
