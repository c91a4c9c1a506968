#define _GNU_SOURCE /* POLLRDHUP */
#include "curl/exchange.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "curl/inherit.h"
#include "curl/proxy.h"
#include "curl/trust.h"
#include "os/standard.h"

#define BODY_KEPT (64u << 10) /* bytes of body memory kept between calls */

/* Once in a process, but again after a failure (which can only be a lack of memory). Never undone:
   others in the process may use libcurl too. */
bool b24_start_libcurl(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool started = false;
    pthread_mutex_lock(&lock);
    if (!started) started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    bool ok = started;
    pthread_mutex_unlock(&lock);
    return ok;
}

bool b24_curl_raises_sigpipe(void) {
    return curl_version_info(CURLVERSION_NOW)->version_num < 0x075700;
}

/* Descriptors that children inherit; see inherit.h. */
static bool leaks_fds(void) { return curl_version_info(CURLVERSION_NOW)->version_num < 0x080a00; }

CURLM *b24_new_multi(long kept_connections) {
    int held = b24_hold_standard();
    struct b24_open_fds before = b24_note_fds();
    CURLM *multi = curl_multi_init();
    b24_keep_fds(&before);
    b24_leave_standard(held);
    if (multi == NULL) return NULL;
    if (curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections) != CURLM_OK) {
        curl_multi_cleanup(multi);
        return NULL;
    }
#if LIBCURL_VERSION_NUM >= 0x081400
    curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT,
                      1L); /* 8.20 moved the option to the multi handle */
#endif
    return multi;
}

/* libcurl 7.83 to 8.0 continues, when a reply's first line is folded, the last line of the handle's
   earlier reply, whose memory is free: see b24_on_first_line. */
#define FOLDS_UNSAFELY 0x075300
#define FOLDS_SAFELY   0x080100
#define UNCHECKED_SINCE                                                                            \
    0x081600 /* 8.22: libcurl looks at a kept connection only when it was idle for a second */

struct b24_exchange *b24_exchange_new(struct b24_open_fds *lookups) {
    if (!b24_start_libcurl()) return NULL;
    struct b24_exchange *x = calloc(1, sizeof *x);
    if (x == NULL) return NULL;
    x->easy = curl_easy_init();
    x->lookups = leaks_fds() ? lookups : NULL;
    unsigned int version = curl_version_info(CURLVERSION_NOW)->version_num;
    x->checks_idle = version >= UNCHECKED_SINCE;
    x->guards_folds = version >= FOLDS_UNSAFELY && version < FOLDS_SAFELY;
    if (x->easy != NULL) return x;
    b24_exchange_free(x);
    return NULL;
}

void b24_exchange_free(struct b24_exchange *x) {
    if (x == NULL) return;
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->lines);
    b24_buffer_free(&x->body);
    free(x);
}

/* ------------------------------------------------------------ callbacks: bounded C memory only */

static size_t on_body(char *p, size_t size, size_t n, void *arg) {
    struct b24_exchange *x = arg;
    if (x->first_line) return b24_on_first_line(x, p, size * n);
    return b24_buffer_add(&x->body, p, size * n) ? size * n : 0;
}

static size_t on_upload(char *to, size_t size, size_t n, void *arg) {
    struct b24_exchange *x = arg;
    n = b24_body_read(&x->upload, to, size * n);
    return x->upload.failed ? CURL_READFUNC_ABORT : n;
}

static void rewind_upload(struct b24_exchange *x) {
    b24_body_begin(&x->upload, x->upload.text, x->upload.files);
}

/* libcurl repeats a request by itself when a kept connection turns out dead, and must rewind the
   body for it. A call that may have run must not run again: refuse. */
static int on_rewind(void *arg, curl_off_t offset, int origin) {
    struct b24_exchange *x = arg;
    if (!x->repeatable || offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    rewind_upload(x);
    return CURL_SEEKFUNC_OK;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct b24_exchange *x = arg;
    (void)purpose;
    int fd = b24_private_socket(address->family, address->socktype, address->protocol);
    x->progress.no_socket = fd < 0 ? errno : 0;
    return fd;
}

static int on_lookup(void *resolver, void *reserved, void *arg) {
    struct b24_exchange *x = arg;
    (void)resolver, (void)reserved;
    if (x->lookups->first < 0) *x->lookups = b24_note_fds();
    return 0;
}

CURLMcode b24_multi_perform(CURLM *multi, struct b24_open_fds *lookups, int *running) {
    *lookups = B24_NO_LOOKUP;
    CURLMcode r = curl_multi_perform(multi, running);
    b24_keep_fds(lookups);
    return r;
}

/* ------------------------------------------------------------ a connection that died while it was
 * kept */

#if LIBCURL_VERSION_NUM >= 0x075000
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

/* Did the other side close? Bytes that wait to be read do not hide it where the system knows
 * POLLRDHUP. */
static bool closed(curl_socket_t fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};
    char byte;
    if (fd == CURL_SOCKET_BAD || poll(&p, 1, 0) <= 0) return false;
    if (p.revents & (POLLRDHUP | POLLERR | POLLHUP | POLLNVAL)) return true;
    return (p.revents & POLLIN) && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* On such a connection libcurl fails a body that may not repeat, and over HTTP/2 whatever it is. */
static bool dead(const struct b24_exchange *x) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (x->again || !x->checks_idle) return false; /* again: the connection is a new one */
    return curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && closed(fd);
}

/* libcurl has a connection and is about to send the request. */
static int on_ready(void *arg, char *ip, char *local_ip, int port, int local_port) {
    struct b24_exchange *x = arg;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (dead(x)) {
        x->hung_up = true;
        curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE,
                         1L); /* an HTTP/2 connection would be kept */
        return CURL_PREREQFUNC_ABORT;
    }
    x->progress.began = true;
    b24_forget_header(x); /* a proxy's, of its CONNECT */
    if (x->connected != NULL) x->connected(x->connected_arg);
    return CURL_PREREQFUNC_OK;
}
#endif

/* A read on a connection that died under it; libcurl repeats most of them by itself. */
static bool may_repeat(const struct b24_exchange *x, CURLcode result) {
    long connects = 1;
    if (!x->repeatable || x->header_bytes > 0) return false;
    if (result != CURLE_SEND_ERROR && result != CURLE_RECV_ERROR) return false;
    return curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK &&
           connects == 0;
}

bool b24_exchange_again(struct b24_exchange *x, CURLcode result) {
    /* `began` on one kept connection that died under the request, and libcurl chose another one. */
    bool refused =
        result == CURLE_ABORTED_BY_CALLBACK && x->hung_up && (!x->progress.began || x->repeatable);
    if (x->again || (!refused && !may_repeat(x, result))) return false;
    x->again = true;
    x->words[0] = '\0';
    rewind_upload(x);
    return curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 0L) == CURLE_OK &&
           curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
}

/* ------------------------------------------------------------ options */

/* Everything goes through here, so that one failure (out of memory, an option this libcurl lacks)
 * is never lost. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (r == CURLE_OK) r = curl_easy_setopt(x->easy, option, value);                           \
    } while (0)

static CURLcode set_body(struct b24_exchange *x, const struct b24_request *request) {
    CURLcode r = CURLE_OK;
    if (request->body.n == 0) { /* a new handle: its serial is no other's */
        SET(CURLOPT_HTTPGET, 1L);
        return r;
    }
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)b24_body_length(request->body, request->files));
    if (!x->streamed)
        SET(CURLOPT_POSTFIELDS, request->body.p); /* not copied: valid during the send */
    b24_body_begin(&x->upload, request->body, request->files);
    return r;
}

static CURLcode set_trust(struct b24_exchange *x, const struct b24_conf *conf) {
    CURLcode r = CURLE_OK;
    struct b24_trust trust = {conf->ca_file, conf->ca_path, NULL};
    x->progress.own_ca = conf->ca_file != NULL || conf->ca_path != NULL;
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (trust.file == NULL && trust.path == NULL) trust = b24_trust_system();
    bool chosen = trust.file != NULL && (conf->ca_file != NULL || trust.by != NULL);
    x->progress.empty_ca = chosen && b24_trust_takes_anything(trust.file);
    if (trust.file == NULL && trust.path == NULL) return r;
    /* Both explicitly: with Debian's built-in CAPATH beside a bundle libcurl would parse the bundle
     * for every connection. */
    SET(CURLOPT_CAINFO, trust.file);
    CURLcode path = curl_easy_setopt(x->easy, CURLOPT_CAPATH, trust.path);
    /* A TLS backend without such directories refuses the option; that hurts only who wants one. */
    if (r == CURLE_OK && (trust.path != NULL || path == CURLE_OUT_OF_MEMORY)) r = path;
    return r;
}

static CURLcode set_proxy(struct b24_exchange *x, const struct b24_conf *conf, const char *url) {
    CURLcode r = CURLE_OK;
    char value[B24_URL_MAX + 1];
    const char *proxy = b24_proxy_variable();
    x->progress.maybe_proxy = conf->proxy != NULL ? conf->proxy[0] != '\0' : proxy != NULL;
    if (conf->proxy != NULL) SET(CURLOPT_PROXY, conf->proxy);
    else if (strncmp(url, "http://", 7) == 0)
        SET(CURLOPT_NOPROXY, "*"); /* loopback: nobody else may read it */
    else if (b24_proxy_clean(proxy, value)) SET(CURLOPT_PROXY, value);
    if (strncmp(url, "https://", 8) == 0 && b24_proxy_clean(b24_no_proxy_variable(), value))
        SET(CURLOPT_NOPROXY, value);
    return r;
}

/* HTTP/2 must be over TLS 1.2 or newer (RFC 9113, 9.2). Said aloud, libcurl keeps these connections
   apart from those of other confs, and so takes no older one of HTTP/1.1. Since 8.16 that is the
   default, and tells them apart only together with the newest version. */
static long tls_of_http2(void) {
    bool is_default = curl_version_info(CURLVERSION_NOW)->version_num >= 0x081000;
    return CURL_SSLVERSION_TLSv1_2 | (is_default ? CURL_SSLVERSION_MAX_TLSv1_3 : 0L);
}

static CURLcode set_http(struct b24_exchange *x, const struct b24_conf *conf,
                         const struct b24_request *request) {
    static const long versions[] = {CURL_HTTP_VERSION_NONE, CURL_HTTP_VERSION_1_1,
                                    CURL_HTTP_VERSION_2TLS};
    CURLcode r = CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_HTTP_VERSION, versions[conf->http_version]);
    if (conf->http_version == B24_HTTP_2) SET(CURLOPT_SSLVERSION, tls_of_http2());
    SET(CURLOPT_HTTPHEADER, x->lines);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* whatever this libcurl can decode */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_MAXFILESIZE_LARGE,
        (curl_off_t)b24_most_bytes(request, conf)); /* what the header announces */
    if (r == CURLE_OK) r = set_proxy(x, conf, request->url);
    return r;
}

/* All of them always: where one is missing libcurl reads, rewinds or writes the program's own
 * standard streams. */
static CURLcode set_callbacks(struct b24_exchange *x) {
    CURLcode r = CURLE_OK;
    SET(CURLOPT_READFUNCTION, on_upload);
    SET(CURLOPT_READDATA, x);
    SET(CURLOPT_SEEKFUNCTION, on_rewind);
    SET(CURLOPT_SEEKDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, b24_on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_ERRORBUFFER, x->words);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, x);
    if (x->lookups != NULL) SET(CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
    SET(CURLOPT_RESOLVER_START_DATA, x);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_PREREQFUNCTION, on_ready);
    SET(CURLOPT_PREREQDATA, x);
#endif
    return r;
}

static CURLcode set_time(struct b24_exchange *x, const struct b24_conf *conf,
                         const struct b24_request *request) {
    CURLcode r = CURLE_OK;
    b24_ms connect =
        conf->connect_timeout < request->timeout ? conf->connect_timeout : request->timeout;
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    return r;
}

static CURLcode add_lines(struct b24_exchange *x, const struct b24_request *request) {
    curl_slist_free_all(x->lines);
    x->lines = NULL;
    for (const char *const *h = request->headers;; h++) {
        /* Last: no "Expect: 100-continue", which costs a second where a proxy ignores it. */
        struct curl_slist *longer = curl_slist_append(x->lines, *h != NULL ? *h : "Expect:");
        if (longer == NULL) return CURLE_OUT_OF_MEMORY;
        x->lines = longer;
        if (*h == NULL) return CURLE_OK;
    }
}

/* A new handle, which costs 2 us. curl_easy_reset leaves things behind: libcurl 8.7 to 8.15 keeps
   that a body is to be rewound, so that one connection lost in a write would fail all later ones.
   Connections are the multi handle's. */
static CURLcode renew(struct b24_exchange *x) {
    CURL *easy = curl_easy_init();
    if (easy == NULL) return CURLE_OUT_OF_MEMORY;
    curl_easy_cleanup(x->easy);
    x->easy = easy;
    return CURLE_OK;
}

/* What depends on the conf and its credential alone. */
static CURLcode set_all(struct b24_exchange *x, const struct b24_conf *conf,
                        const struct b24_request *request) {
    CURLcode r = renew(x);
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a hanging DNS lookup must not outlast the deadline */
#endif
    if (r == CURLE_OK) r = add_lines(x, request);
    if (r == CURLE_OK) r = set_trust(x, conf);
    if (r == CURLE_OK) r = set_http(x, conf, request);
    if (r == CURLE_OK) r = set_callbacks(x);
    return r;
}

/* What must not be sent twice, and what is not in memory as a whole. */
static bool is_streamed(const struct b24_request *request) {
    return !request->repeatable || request->files != NULL;
}

/* A call like the last good one needs only its URL, body and times. Never one whose body goes
   through the read callback: what that leaves behind is not for others. */
static bool like_the_last(const struct b24_exchange *x, const struct b24_request *request) {
    return x->prepared == request->serial && request->serial != 0 && !is_streamed(request);
}

static void forget_last(struct b24_exchange *x, const struct b24_conf *conf,
                        const struct b24_request *request) {
    x->prepared = 0;
    x->serial = request->serial;
    x->repeatable = request->repeatable;
    x->streamed = is_streamed(request);
    x->upload.failed = false;
    x->progress.began = x->hung_up = x->again = false;
    x->progress.no_socket = 0;
    x->connected = NULL;
    b24_buffer_reset(&x->body, BODY_KEPT);
    x->body.max = b24_most_bytes(request, conf);
    x->header_bytes = 0;
    x->header_too_large = x->first_line = x->bad_fold = false;
    x->words[0] = '\0';
    b24_forget_header(x);
}

CURLcode b24_exchange_prepare(struct b24_exchange *x, const struct b24_conf *conf,
                              const struct b24_request *request) {
    bool again = x->again; /* set for the last exchange */
    CURLcode r = like_the_last(x, request) ? CURLE_OK : set_all(x, conf, request);
    forget_last(x, conf, request);
    SET(CURLOPT_URL, request->url);
    if (again) SET(CURLOPT_FRESH_CONNECT, 0L);
    if (r == CURLE_OK) r = set_body(x, request);
    if (r == CURLE_OK) r = set_time(x, conf, request);
    return r;
}
