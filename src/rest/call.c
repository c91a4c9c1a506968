/* A call acts: events come in, its parts decide (call_limit.c, call_retry.c, call_move.c), an
 * action goes out. */
#include "rest/call_impl.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Milliseconds that are worth a request which follows others: clocks are rounded, so one that took
   all the time may seem to have left a little. */
#define LEAST_LEFT 5

const char *b24_event_name(enum b24_event_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_EVENTS(X)
#undef X
    };
    return names[type];
}

const char *b24_question_name(enum b24_question question) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_QUESTIONS(X)
#undef X
    };
    return names[question];
}

const char *b24_action_name(enum b24_action_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_ACTIONS(X)
#undef X
    };
    return names[type];
}

static bool build(struct b24_call *c, const struct b24_call_setup *setup) {
    bool moved = setup->moved_origin != NULL && setup->moved_origin[0] != '\0';
    const char *origin = moved ? setup->moved_origin : c->conf->origin;
    c->moved_origin = setup->moved_origin;
    c->remembered = moved;
    memcpy(c->origin, origin, strlen(origin) + 1); /* of b24_url_origin: it has the same bound */
    return b24_request_build(&c->text, c->conf, setup->method, setup->body) &&
           (!moved || b24_request_move(&c->text, c->conf, origin, setup->method));
}

struct b24_call *b24_call_new(const struct b24_conf *conf, struct b24_portal *portal,
                              const struct b24_call_setup *setup) {
    struct b24_call *c = setup->spare != NULL ? setup->spare : malloc(sizeof *c);
    if (c == NULL) return NULL;
    memset(c, 0, offsetof(struct b24_call, outcome));
    c->conf = conf;
    c->portal = portal;
    c->state = NEW;
    c->timeout = conf->timeout - setup->spent;
    if (setup->spent > 0 && c->timeout < LEAST_LEFT) c->timeout = 0;
    c->pause = setup->pause;
    c->retries = setup->bare ? 0 : conf->retries;
    c->moves = setup->bare ? 0 : B24_MOVES_MAX;
    c->own_limiter = conf->ask_limiter && !setup->bare;
    c->own = setup->own;
    c->haste = setup->haste;
    c->seed = setup->seed;
    c->safe = conf->idempotent || b24_method_reads(setup->method, setup->body);
    if (setup->idempotent != B24_BY_NAME) c->safe = setup->idempotent == B24_IDEMPOTENT;
    memcpy(c->method, setup->method.p,
           setup->method.n); /* at most B24_METHOD_MAX: b24_method_problem */
    c->method[setup->method.n] = '\0';
    b24_outcome_init(&c->outcome);
    c->outcome.keep = setup->keep;
    c->outcome.as_text = setup->as_text;
    c->outcome.as_parts = setup->as_parts;
    if (!build(c, setup) || !b24_call_renew_new(c, setup->bare ? NULL : setup->renewable)) {
        b24_call_free(c);
        return NULL;
    }
    c->request.url = c->text.url;
    c->request.body = b24_view_of(c->text.body);
    c->request.files = b24_files_keep(setup->files);
    c->request.headers = c->text.headers;
    c->request.repeatable = c->safe;
    c->request.serial = conf->serial;
    return c;
}

void b24_call_retire(struct b24_call *c) {
    b24_call_renew_free(c);
    b24_request_free(&c->text);
    b24_files_drop(c->request.files);
    c->request.files = NULL;
    b24_outcome_free(&c->outcome);
}

void b24_call_free(struct b24_call *c) {
    if (c != NULL) b24_call_retire(c);
    free(c);
}

void b24_call_set_portal(struct b24_call *c, struct b24_portal *portal) { c->portal = portal; }

const char *b24_call_origin(const struct b24_call *c) { return c->origin; }

/* ------------------------------------------------------------ decisions -> actions */

static struct b24_action done(struct b24_call *c) {
    if (c->state != FINISHED) {
        c->outcome.elapsed = c->now - c->begun;
        b24_limiter_leave(&c->conf->limits, c->own, &c->queued, c->now);
        b24_call_renew_end(c);
        /* Repeating what may have run is not for the caller to do blindly either. */
        c->outcome.retryable = c->outcome.retryable && (c->outcome.not_run || c->safe);
    }
    c->state = FINISHED;
    return (struct b24_action){.type = B24_DONE, .as.done = &c->outcome};
}

static struct b24_action give_up(struct b24_call *c, enum b24_kind kind, const char *code,
                                 const char *text) {
    struct b24_failure f = {
        .kind = kind, .code = code, .sent = c->state == CALLING, .text = {text, strlen(text)}};
    c->outcome.from = NULL; /* whoever spoke last, this is ours */
    b24_outcome_failure(&c->outcome, c->conf, &f);
    return done(c);
}

static struct b24_action send_request(struct b24_call *c) {
    c->request.timeout = c->deadline - c->now;
    if (c->request.timeout <= 0) {
        if (c->outcome.attempts > 0 && !c->moved)
            return done(c); /* what went wrong before says more */
        return give_up(c, B24_TIMEOUT, "TIMEOUT", "the deadline passed before anything was sent");
    }
    if (!b24_call_use_newest(c))
        return give_up(c, B24_CONFIG, "OUT_OF_MEMORY", "out of memory for the new credential");
    c->outcome.attempts++;
    c->moved = false;
    c->state = CALLING;
    b24_call_add_note(c, "attempt");
    return (struct b24_action){.type = B24_SEND, .as.send = &c->request};
}

static struct b24_action sleep_for(struct b24_call *c, const struct b24_decision *d) {
    struct b24_note *n = b24_call_add_note(c, "wait");
    n->reason = d->reason;
    n->wait = d->time;
    c->state = WAITING;
    c->slept = c->now;
    c->wake = c->now + d->time;
    c->after = d->after;
    return (struct b24_action){.type = B24_SLEEP, .as.sleep = d->time};
}

static struct b24_action ask(struct b24_call *c, enum b24_state state, b24_ms time) {
    c->state = state;
    enum b24_question question = state == RESERVING ? B24_RESERVE : B24_PENALISE;
    return (struct b24_action){.type = B24_ASK, .as.ask = {question, time}};
}

/* Of the one who keeps or knows the credential. */
static struct b24_action question(struct b24_call *c, enum b24_question asked) {
    c->state = RENEWING;
    return (struct b24_action){.type = B24_ASK, .as.ask = {asked, c->deadline - c->now}};
}

static struct b24_action store(struct b24_call *c, enum b24_store_act what) {
    c->state = RENEWING;
    c->inner = true;
    return (struct b24_action){.type = B24_STORE, .as.store = what};
}

static struct b24_action refresh(struct b24_call *c) {
    c->state = REFRESHING;
    return (struct b24_action){.type = B24_SEND, .as.send = &c->renew->request};
}

static struct b24_action move(struct b24_call *c) {
    c->state = MOVING;
    c->inner = true;
    return (struct b24_action){.type = B24_MOVE, .as.move = c->origin};
}

static struct b24_action act(struct b24_call *c, struct b24_decision d) {
    for (;;) switch (d.type) {
        case FINAL: return done(c);
        case SEND: return send_request(c);
        case SLEEP: return sleep_for(c, &d);
        case ASK: return ask(c, RESERVING, d.time);
        case QUESTION: return question(c, d.question);
        case STORE: return store(c, d.store);
        case REFRESH: return refresh(c);
        case MOVED: return move(c);
        case RESERVE:
            d = c->go_home && b24_call_go_home(c) ? b24_then(MOVED) : b24_call_reserve(c);
            break;
        case PENALISE:
            c->not_before = c->now + d.time;
            c->last_words = d.after == THEN_DONE;
            if (c->own_limiter) return ask(c, PENALISING, d.time);
            d = b24_call_overrun(c);
            break;
        }
}

/* The outcome of an attempt is known. */
static struct b24_action judge(struct b24_call *c) {
    b24_call_learn(c);
    struct b24_judgement v = b24_call_judge(c);
    c->outcome.retry_after = v.retry_after;
    if (v.retry) {
        c->retries--;
        memcpy(b24_call_add_note(c, "retry")->code, c->outcome.code, B24_CODE_MAX);
    }
    return act(c, v.next);
}

/* ------------------------------------------------------------ events */

static struct b24_action go(struct b24_call *c) {
    if (c->state != MOVING) {
        c->begun = c->now;
        c->deadline = c->now + c->timeout;
        if (c->timeout <= 0)
            return give_up(c, B24_TIMEOUT, "TIMEOUT",
                           "the deadline passed before anything was sent");
        if (c->pause > 0)
            return act(c, (struct b24_decision){.type = SLEEP,
                                                .time = c->pause,
                                                .after = THEN_RESERVE,
                                                .reason = "operating"});
    }
    if (b24_call_renew_first(c)) return act(c, b24_call_renew(c, B24_TOKEN_MISSING));
    return act(c, b24_then(RESERVE));
}

static struct b24_action woke(struct b24_call *c) {
    if (c->now < c->wake)
        return (struct b24_action){.type = B24_SLEEP, .as.sleep = c->wake - c->now};
    c->outcome.waited += c->now - c->slept;
    if (c->after == THEN_OVERRUN) return act(c, b24_call_overrun(c));
    if (c->after == THEN_RENEW) return act(c, b24_call_renew_woke(c));
    return act(c, b24_then(c->after == THEN_SEND ? SEND : RESERVE));
}

static struct b24_action reply(struct b24_call *c, const struct b24_reply *r) {
    if (c->state == REFRESHING) return act(c, b24_call_renew_reply(c, r));
    b24_outcome_reply(&c->outcome, c->conf, r);
    if (c->outcome.kind == B24_OK) c->outcome.code[0] = c->outcome.text[0] = '\0';
    b24_call_note_outcome(c, "reply", &c->outcome);
    if (b24_call_moved(c, r)) return act(c, b24_then(MOVED));
    if (b24_call_refused(c)) return act(c, b24_call_renew(c, B24_TOKEN_REFUSED));
    b24_call_judge_address(c);
    return judge(c);
}

static struct b24_action failed(struct b24_call *c, const struct b24_failure *f) {
    if (c->state == REFRESHING) return act(c, b24_call_renew_failed(c, f));
    b24_outcome_failure(&c->outcome, c->conf, f);
    b24_call_note_outcome(c, "failed", &c->outcome);
    b24_call_judge_address(c);
    /* What was remembered is out of date. Nobody has seen the request yet, so the portal's own
     * address is asked. */
    if (c->go_home && c->remembered && !f->sent && b24_call_go_home(c))
        return act(c, b24_then(MOVED));
    return judge(c);
}

static struct b24_action answer(struct b24_call *c, const struct b24_event *event) {
    if (c->state == RENEWING) return act(c, b24_call_renew_answer(c, event));
    if (c->state == PENALISING) return act(c, b24_then(c->last_words ? FINAL : RESERVE));
    return act(c, b24_call_reserved(c, event->as.answer.verdict, event->as.answer.wait));
}

static struct b24_action take(struct b24_call *c, const struct b24_event *event) {
    switch (event->type) {
    case B24_GO: return go(c);
    case B24_WOKE: return woke(c);
    case B24_REPLY: return reply(c, &event->as.reply);
    case B24_FAILED: return failed(c, &event->as.failed);
    case B24_ANSWER: return answer(c, event);
    default: return give_up(c, B24_CLOSED, "CANCELLED", "the call was cancelled");
    }
}

struct b24_action b24_call_next(struct b24_call *c, const struct b24_event *event, b24_ms now) {
    static const unsigned legal[] = {
#define X(name, events) events,
        B24_STATES(X)
#undef X
    };
    if (!c->inner) c->note_count = c->notes_read = 0;
    c->inner = false;
    if (c->state == FINISHED) return done(c);
    if (event->type != B24_CANCEL && (legal[c->state] & 1u << event->type) == 0)
        return (struct b24_action){.type = B24_MISUSE};
    if (now > c->now || c->state == NEW) c->now = now;
    return take(c, event);
}
