#define _POSIX_C_SOURCE 200809L
#include "curl/transfer.h"

#include <stdlib.h>

#include "base/process.h"
#include "curl/exchange.h"
#include "curl/sigpipe.h"

#define KEPT_CONNECTIONS                                                                           \
    64            /* libcurl's 5 would mean a handshake per call from the sixth portal on */
#define SLICE 100 /* ms: longest wait between two looks at interrupt and deadline */

struct b24_transfer {
    long owner;    /* the process */
    bool old_curl; /* may raise SIGPIPE */
    struct b24_open_fds lookups;
    CURLM *multi;
    struct b24_exchange *exchange;
};

struct b24_transfer *b24_transfer_new(void) {
    if (!b24_start_libcurl()) return NULL;
    struct b24_transfer *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->owner = b24_process();
    t->old_curl = b24_curl_raises_sigpipe();
    t->multi = b24_new_multi(KEPT_CONNECTIONS);
    t->exchange = b24_exchange_new(&t->lookups);
    if (t->multi != NULL && t->exchange != NULL) return t;
    b24_transfer_free(t);
    return NULL;
}

bool b24_transfer_usable(const struct b24_transfer *t) { return t->owner == b24_process(); }

void b24_transfer_free(struct b24_transfer *t) {
    struct b24_sigpipe sigpipe = {false};
    if (t == NULL) return;
    if (t->old_curl) b24_sigpipe_block(&sigpipe);
    b24_exchange_free(t->exchange);
    curl_multi_cleanup(t->multi);
    b24_sigpipe_restore(&sigpipe);
    free(t);
}

/* ------------------------------------------------------------ the transfer */

enum end { RUNNING, ENDED, STOPPED, UNSENT };

/* One slice of work and waiting. */
static enum end slice(struct b24_transfer *t, b24_ms deadline, CURLcode *result) {
    int running = 0, left = 0;
    if (b24_multi_perform(t->multi, &t->lookups, &running) != CURLM_OK) {
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

/* ENDED, or UNSENT: it never began. */
static enum end run_once(struct b24_transfer *t, b24_ms deadline,
                         const struct b24_interrupt *interrupt, CURLcode *result) {
    enum end end = RUNNING;
    if (curl_multi_add_handle(t->multi, t->exchange->easy) != CURLM_OK) {
        *result = CURLE_OUT_OF_MEMORY;
        return UNSENT;
    }
    while (end == RUNNING) {
        end = slice(t, deadline, result);
        if (end == RUNNING && interrupt->interrupted(interrupt->arg)) end = STOPPED;
    }
    return end;
}

/* libcurl counts a handle's time from its start. */
static CURLcode limit(CURL *easy, b24_ms left) {
    return left > 0 ? curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left)
                    : CURLE_OPERATION_TIMEDOUT;
}

/* STOPPED: interrupted. UNSENT: it never began. */
static enum end run(struct b24_transfer *t, b24_ms timeout, const struct b24_interrupt *interrupt,
                    CURLcode *result) {
    b24_ms due = b24_clock() + timeout;
    enum end end = run_once(t, due + DEADLINE_GRACE, interrupt, result);
    curl_multi_remove_handle(t->multi, t->exchange->easy);
    if (end != ENDED || !b24_exchange_again(t->exchange, *result)) return end;
    *result = limit(t->exchange->easy, due - b24_clock());
    if (*result != CURLE_OK) return ENDED;
    end = run_once(t, due + DEADLINE_GRACE, interrupt, result);
    curl_multi_remove_handle(t->multi, t->exchange->easy);
    return end;
}

void b24_transfer_send(struct b24_transfer *t, const struct b24_conf *conf,
                       const struct b24_request *request, const struct b24_interrupt *interrupt,
                       struct b24_event *event) {
    struct b24_sigpipe sigpipe = {false};
    if (t->old_curl) b24_sigpipe_block(&sigpipe);
    CURLcode result = b24_exchange_prepare(t->exchange, conf, request);
    enum end end = result == CURLE_OK ? run(t, request->timeout, interrupt, &result) : UNSENT;
    if (end == STOPPED) b24_exchange_stop(t->exchange, event);
    else if (end == UNSENT)
        b24_exchange_unsent(t->exchange, result, event); /* the handle tells of its last transfer */
    else b24_exchange_end(t->exchange, result, event);
    b24_sigpipe_restore(&sigpipe);
}

void b24_transfer_sleep(struct b24_transfer *t, b24_ms duration,
                        const struct b24_interrupt *interrupt) {
    b24_ms until = b24_clock() + duration;
    for (b24_ms left = duration; left > 0 && !interrupt->interrupted(interrupt->arg);
         left = until - b24_clock())
        curl_multi_poll(t->multi, NULL, 0, left < SLICE ? (int)left : SLICE, NULL);
}
