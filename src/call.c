#include "call.h"

#include <stdlib.h>
#include <string.h>

/* States, and which events are legal in each (CANCEL is in all). */
#define STATES(X)                                                                                                      \
    X(NEW, 1u << B24_GO)                                                                                               \
    X(CALLING, 1u << B24_REPLY | 1u << B24_FAILED)                                                                     \
    X(FINISHED, ~0u)

enum state {
#define X(name, legal) name,
    STATES(X)
#undef X
};

struct b24_call {
    const struct b24_conf *conf;
    struct b24_request_text text;
    struct b24_request request;
    struct b24_outcome outcome;
    enum state state;
    b24_ms begun, now, deadline;
};

const char *b24_event_name(enum b24_event_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_EVENTS(X)
#undef X
    };
    return names[type];
}

const char *b24_action_name(enum b24_action_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_ACTIONS(X)
#undef X
    };
    return names[type];
}

struct b24_call *b24_call_new(const struct b24_conf *conf, struct b24_view method, struct b24_view body) {
    struct b24_call *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->conf = conf;
    c->state = NEW;
    b24_outcome_init(&c->outcome);
    if (!b24_request_build(&c->text, conf, method, body)) {
        b24_call_free(c);
        return NULL;
    }
    c->request.url = c->text.url;
    c->request.body = (struct b24_view){c->text.body, strlen(c->text.body)};
    c->request.headers = c->text.headers;
    c->request.repeatable = b24_method_reads(method);
    return c;
}

void b24_call_free(struct b24_call *c) {
    if (c == NULL) return;
    b24_request_free(&c->text);
    b24_outcome_free(&c->outcome);
    free(c);
}

static struct b24_action done(struct b24_call *c) {
    if (c->state != FINISHED) c->outcome.elapsed = c->now - c->begun;
    c->state = FINISHED;
    return (struct b24_action){.type = B24_DONE, .as.done = &c->outcome};
}

static struct b24_action give_up(struct b24_call *c, enum b24_kind kind, const char *code, const char *text) {
    struct b24_failure f = {.kind = kind, .code = code, .sent = c->state == CALLING, .text = {text, strlen(text)}};
    b24_outcome_failure(&c->outcome, c->conf, &f);
    return done(c);
}

static struct b24_action send(struct b24_call *c) {
    c->request.timeout = c->deadline - c->now;
    if (c->request.timeout <= 0)
        return give_up(c, B24_TIMEOUT, "TIMEOUT", "the deadline is over before anything was sent");
    c->outcome.attempts++;
    c->state = CALLING;
    return (struct b24_action){.type = B24_SEND, .as.send = &c->request};
}

static struct b24_action go(struct b24_call *c) {
    c->begun = c->now;
    c->deadline = c->now + c->conf->timeout;
    return send(c);
}

static struct b24_action take(struct b24_call *c, const struct b24_event *event) {
    switch (event->type) {
    case B24_GO: return go(c);
    case B24_REPLY: b24_outcome_reply(&c->outcome, c->conf, &event->as.reply); return done(c);
    case B24_FAILED: b24_outcome_failure(&c->outcome, c->conf, &event->as.failed); return done(c);
    default: return give_up(c, B24_CLOSED, "CANCELLED", "the call was cancelled");
    }
}

struct b24_action b24_call_next(struct b24_call *c, const struct b24_event *event, b24_ms now) {
    static const unsigned legal[] = {
#define X(name, events) events,
        STATES(X)
#undef X
    };
    if (c->state == FINISHED) return done(c);
    if (event->type != B24_CANCEL && (legal[c->state] & 1u << event->type) == 0)
        return (struct b24_action){.type = B24_MISUSE};
    if (now > c->now || c->state == NEW) c->now = now;
    return take(c, event);
}
