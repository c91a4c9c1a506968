/* Another credential in the place of one that the portal has refused. token.c says in which order;
   here the tokens are compared and taken, and the token server's words are understood.

   The refused call did not run, so any call is sent again, writes too. What has to be waited for is
   a SLEEP within the call's deadline, as everywhere; nobody waits on a lock. */
#include "rest/call_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "json/document.h"

/* ms for one request to the token server: of the 30 s that calls have by default, enough is left to
   ask again when an answer is lost. */
#define SERVER_TIMEOUT 12000

#define STRANGE                                                                                    \
    "Something else answers in the token server's place: check the network, and any proxy."
#define NEED_LOGIN "Run b24 login --app again."

/* ------------------------------------------------------------ how it ends */

/* What stands in the place of the portal's refusal: why there is no other credential. */
static enum b24_token_event broken(struct b24_call *c, const struct b24_fault *f) {
    struct b24_fault masked = *f; /* it may name a host that somebody wrote a secret into */
    b24_conf_mask(c->conf, masked.message);
    b24_outcome_free(&c->outcome);
    c->outcome.status = 0;
    c->outcome.from = NULL;
    c->outcome.retryable = false;
    c->outcome.not_run = true;
    b24_outcome_fault(&c->outcome, &masked);
    return B24_TOKEN_BROKEN;
}

/* What the token server said, or that it said nothing. The call itself has not run. */
static void tell_server(struct b24_call *c) {
    struct b24_outcome *o = &c->outcome, old = *o;
    b24_outcome_free(o);
    *o = c->renew->said;
    o->hint = c->renew->said.hint == c->renew->said.hint_text ? o->hint_text : c->renew->said.hint;
    if (o->kind == B24_DECODE || o->kind == B24_HTTP) o->hint = STRANGE;
    o->result = NULL;
    o->time = o->next = o->total = NULL;
    o->root = NULL;
    memset(&o->body, 0, sizeof o->body);
    o->attempts = old.attempts;
    o->waited = old.waited;
    o->sent = old.sent;
    o->keep = old.keep;
    o->as_text = old.as_text;
    o->as_parts = old.as_parts;
    o->not_run = true;
}

/* Nobody else of this process renews this conf's. One whose deadline has passed does not either:
   its coroutine may have been killed. */
static bool claim(struct b24_call *c) {
    struct b24_conf *conf = c->renew->owner;
    if (conf->renewer != NULL && conf->renewer != c && c->now < conf->renewing_until) return false;
    conf->renewer = c;
    conf->renewing_until = c->deadline;
    return true;
}

/* With another credential: the request goes once more, from the beginning. */
static struct b24_decision go_on(struct b24_call *c) {
    b24_call_renew_end(c);
    c->outcome.from = NULL;
    c->moved = c->outcome.attempts > 0; /* the last reply is not what the caller should hear of */
    const struct b24_app *app = c->conf->app;
    if (app == NULL || !b24_call_may_move(c->origin, app->grant.client_endpoint))
        return b24_then(RESERVE);
    if (b24_call_follow(c, app->grant.client_endpoint)) return b24_then(MOVED);
    struct b24_fault f;
    b24_fail(&f, B24_NETWORK, "OUT_OF_MEMORY", NULL,
             "out of memory on the way to the portal's new address");
    broken(c, &f);
    return b24_then(FINAL);
}

static struct b24_decision late(struct b24_call *c) {
    struct b24_fault f;
    b24_fail(&f, B24_TIMEOUT, "TIMEOUT",
             "Repeat the call, or allow more time with timeout (seconds).",
             "the deadline passed while the token was being renewed");
    broken(c, &f);
    c->outcome.retryable = true;
    return b24_then(FINAL);
}

static struct b24_decision wait(struct b24_call *c) {
    if (c->renew->token.pause >= c->deadline - c->now) return late(c);
    return (struct b24_decision){
        .type = SLEEP, .time = c->renew->token.pause, .after = THEN_RENEW, .reason = "token"};
}

/* ------------------------------------------------------------ the token server */

static bool nothing_to_give(const struct b24_app *app) {
    return app->code[0] == '\0' && app->grant.refresh_token[0] == '\0';
}

/* Makes the request. False: the outcome says why not. */
static bool prepare(struct b24_call *c) {
    struct b24_fault f;
    struct b24_app *app = c->renew->owner->app;
    if (nothing_to_give(app))
        b24_fail(&f, B24_CONFIG, "NO_TOKENS", NEED_LOGIN,
                 "there is no refresh token to begin with");
    else if (b24_token_server(app, c->conf->allow_http, c->renew->server, &f)) {
        b24_request_free(&c->renew->text);
        if (b24_request_tokens(&c->renew->text, c->conf, c->renew->server)) return true;
        b24_fail(&f, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory for the token server");
    }
    broken(c, &f);
    return false;
}

static struct b24_decision refresh(struct b24_call *c) {
    b24_ms left = c->deadline - c->now;
    if (left <= 0) return late(c);
    c->renew->request =
        (struct b24_request){.url = c->renew->text.url,
                             .body = {"", 0},
                             .headers = c->renew->text.headers,
                             .timeout = left < SERVER_TIMEOUT ? left : SERVER_TIMEOUT,
                             .repeatable = true};
    b24_call_add_note(c, "refresh");
    return b24_then(REFRESH);
}

/* Has the server refused it already, perhaps when another process asked? */
static bool buried(struct b24_call *c) {
    struct b24_fault f;
    if (!b24_app_buried(c->renew->owner->app, b24_clock_wall())) return false;
    b24_fail(&f, B24_AUTH, "invalid_grant", NEED_LOGIN,
             "the token server has refused the refresh token less than an hour ago");
    broken(c, &f);
    return true;
}

/* Takes app->found over, and what goes with it. */
static enum b24_token_event take(struct b24_call *c, enum b24_token_event good) {
    struct b24_fault f;
    struct b24_app *app = c->renew->owner->app;
    struct b24_grant *new = &app->found;
    /* Anywhere else the token is not sent: the old name stays, and will tell what is wrong. */
    if (!b24_call_may_move(c->conf->origin, new->client_endpoint))
        snprintf(new->client_endpoint, sizeof new->client_endpoint, "%s/rest/", c->conf->origin);
    if (!b24_conf_renew_token(c->renew->owner, b24_view_of(new->access_token), &f))
        return broken(c, &f);
    memcpy(app->past, app->grant.refresh_token, sizeof app->past);
    b24_grant_take(&app->grant, new);
    if (good == B24_TOKEN_NEWER) b24_call_settle(app);
    app->code[0] = app->dead[0] = '\0';
    b24_call_add_note(c, "renewed")->reason = good == B24_TOKEN_GIVEN ? "refresh" : "store";
    return good;
}

/* Did the server say that what it was given is used up? */
static bool stale(const struct b24_outcome *o) {
    return b24_same(o->code, "invalid_grant") || b24_same(o->code, "expired_token") ||
           b24_same(o->code, "invalid_token");
}

static enum b24_token_event understand(struct b24_call *c, const struct b24_reply *r) {
    struct b24_outcome *o = &c->renew->said;
    struct b24_app *app = c->renew->owner->app;
    struct b24_fault f;
    bool answer = o->kind == B24_OK || strcmp(o->code, "NO_RESULT") == 0; /* JSON without error */
    if (o->root != NULL && r->status < 300 && answer) {
        if (!b24_grant_read(o->root, b24_clock_wall(), &app->found))
            app->found.access_token[0] = '\0';
        enum b24_token_event event =
            b24_app_usable(app, &f) ? take(c, B24_TOKEN_GIVEN) : broken(c, &f);
        b24_grant_wipe(&app->found); /* after what is said of it was masked */
        return event;
    }
    bool cut = o->kind == B24_DECODE && o->root == NULL;
    tell_server(c);
    if (stale(&c->outcome)) return B24_TOKEN_STALE;
    if (cut || (c->outcome.retryable && c->outcome.kind != B24_LIMIT)) return B24_TOKEN_LOST;
    return c->outcome.retryable ? B24_TOKEN_UNSENT : B24_TOKEN_BROKEN;
}

static void begin_saying(struct b24_call *c) {
    const char *host = strstr(c->renew->server, "://");
    c->renew->said.from = host != NULL ? host + 3 : c->renew->server;
}

struct b24_decision b24_call_renew_reply(struct b24_call *c, const struct b24_reply *r) {
    begin_saying(c);
    b24_outcome_reply(&c->renew->said, c->conf, r);
    enum b24_token_event event = understand(c, r);
    if (event != B24_TOKEN_GIVEN) b24_call_note_outcome(c, "failed", &c->outcome);
    b24_outcome_free(&c->renew->said); /* at once: it has the tokens */
    return b24_call_renew(c, event);
}

struct b24_decision b24_call_renew_failed(struct b24_call *c, const struct b24_failure *f) {
    begin_saying(c);
    c->renew->said.sent = false;
    b24_outcome_failure(&c->renew->said, c->conf, f);
    tell_server(c);
    b24_call_note_outcome(c, "failed", &c->outcome);
    if (!c->renew->said.retryable) return b24_call_renew(c, B24_TOKEN_BROKEN);
    return b24_call_renew(c, f->sent ? B24_TOKEN_LOST : B24_TOKEN_UNSENT);
}

/* ------------------------------------------------------------ stores and functions */

/* What the user's functions, or the system, say is masked: it may quote anything. */
static enum b24_token_event trouble(struct b24_call *c, const struct b24_event *e,
                                    const char *what) {
    struct b24_fault f;
    char why[B24_MESSAGE_MAX];
    const char *code = "STORE_FAILED";
    if (e->as.answer.code != NULL) code = e->as.answer.code;
    b24_copy_text(why, sizeof why, e->as.answer.text);
    b24_conf_mask(c->conf, why);
    b24_fail(&f, B24_CONFIG, code, NULL, "%s%s%.*s", what, what[0] && why[0] ? ": " : "", 900, why);
    return broken(c, &f);
}

static enum b24_token_event compare(struct b24_call *c, const struct b24_app *stored) {
    struct b24_app *app = c->renew->owner->app;
    struct b24_fault f;
    const char *token = stored->grant.access_token, *mine = c->conf->token;
    if (stored->dead[0] != '\0') memcpy(app->dead, stored->dead, sizeof app->dead);
    if (b24_call_knows_better(c, stored)) return B24_TOKEN_SAME;
    if (b24_grant_differs(&app->grant, &stored->grant)) {
        b24_fail(&f, B24_CONFIG, "STORE_MISMATCH", "Give each user's tokens a store of their own.",
                 "the store has the tokens of another portal or user");
        return broken(c, &f);
    }
    if (mine != NULL && strcmp(token, mine) == 0) return B24_TOKEN_SAME;
    if (c->renew->token.again && strcmp(stored->grant.refresh_token, app->grant.refresh_token) == 0)
        return B24_TOKEN_SAME;
    app->found = stored->grant;
    if (stored->seed[0] != '\0') memcpy(app->seed, stored->seed, sizeof app->seed);
    enum b24_token_event event = take(c, B24_TOKEN_NEWER);
    b24_grant_wipe(&app->found);
    return event;
}

/* Nothing is there. If there was something, somebody has logged out; these tokens must not come
   back. A store of the user's own may have no memory. */
static enum b24_token_event missing(struct b24_call *c) {
    const struct b24_app *app = c->renew->owner->app;
    struct b24_fault f;
    if (!app->settled || c->renew->token.from != B24_FILED) return B24_TOKEN_SAME;
    b24_fail(&f, B24_CONFIG, "NO_CREDENTIAL", NEED_LOGIN,
             "%s was removed, so its tokens are not renewed", app->store);
    return broken(c, &f);
}

static enum b24_token_event loaded(struct b24_call *c, const struct b24_event *e) {
    c->renew->owner->app->loaded = true;
    if (e->as.answer.verdict == B24_BROKEN) return trouble(c, e, "the tokens cannot be loaded");
    if (e->as.answer.stored != NULL) return compare(c, e->as.answer.stored);
    if (e->as.answer.verdict == B24_REFUSED) return missing(c);
    struct b24_event odd = {.as.answer.text = b24_view_of("it returned no table")};
    return trouble(c, &odd, "the tokens cannot be loaded");
}

/* The function's second answer. The same one again: the portal's refusal stands. */
static enum b24_token_event asked(struct b24_call *c, const struct b24_event *e) {
    struct b24_fault f;
    struct b24_conf *conf = c->renew->owner;
    bool webhook = conf->secret != NULL;
    uint64_t before = conf->serial;
    struct b24_view text = e->as.answer.text;
    if (e->as.answer.verdict != B24_GRANTED || text.n == 0) {
        struct b24_event named = *e;
        named.as.answer.code = webhook ? "BAD_WEBHOOK" : "BAD_TOKEN";
        return trouble(c, &named,
                       webhook ? "the webhook function returned no string"
                               : "the token function returned no string");
    }
    if (!webhook && conf->token != NULL && text.n == strlen(conf->token) &&
        memcmp(text.p, conf->token, text.n) == 0)
        return B24_TOKEN_SAME;
    bool ok =
        webhook ? b24_conf_renew_webhook(conf, text, &f) : b24_conf_renew_token(conf, text, &f);
    if (!ok) return broken(c, &f);
    bool same = webhook && conf->past != NULL && strcmp(conf->past, conf->secret) == 0;
    if (same || before == conf->serial) return B24_TOKEN_SAME;
    b24_call_add_note(c, "renewed")->reason = "function";
    return B24_TOKEN_NEWER;
}

/* A pair that could not be saved is used all the same: it is the only one that is good now. */
static enum b24_token_event saved(struct b24_call *c, const struct b24_event *e) {
    if (e->as.answer.verdict != B24_BROKEN) {
        b24_call_settle(c->renew->owner->app);
        return B24_TOKEN_DONE;
    }
    struct b24_note *n = b24_call_add_note(c, "degraded");
    char why[B24_MESSAGE_MAX];
    b24_copy_text(why, sizeof why, e->as.answer.text);
    b24_conf_mask(c->conf, why);
    if (why[0] == '\0') strcpy(why, "the tokens were not saved");
    b24_copy_text(c->renew->trouble, sizeof c->renew->trouble, b24_view_of(why));
    n->reason = "store";
    memcpy(n->text, c->renew->trouble, sizeof n->text);
    return B24_TOKEN_DONE;
}

const char *b24_call_store_trouble(const struct b24_call *c) {
    return c->renew != NULL && c->renew->trouble[0] != '\0' ? c->renew->trouble : NULL;
}

static enum b24_token_event locked(struct b24_call *c, const struct b24_event *e) {
    if (e->as.answer.verdict == B24_BROKEN) return trouble(c, e, "");
    if (e->as.answer.verdict == B24_GRANTED) return B24_TOKEN_LOCKED;
    b24_call_renew_end(c);
    return B24_TOKEN_BUSY;
}

struct b24_decision b24_call_renew_answer(struct b24_call *c, const struct b24_event *e) {
    switch (c->renew->token.step) {
    case B24_TOKEN_LOCK: return b24_call_renew(c, locked(c, e));
    case B24_TOKEN_LOAD: return b24_call_renew(c, loaded(c, e));
    case B24_TOKEN_ASK: return b24_call_renew(c, asked(c, e));
    case B24_TOKEN_SAVE: return b24_call_renew(c, saved(c, e));
    default: return b24_call_renew(c, B24_TOKEN_DONE);
    }
}

/* ------------------------------------------------------------ step by step */

struct b24_decision b24_call_renew_woke(struct b24_call *c) {
    bool waited = c->renew->token.sent == 0; /* for somebody else */
    if (!waited || c->renew->serial == c->conf->serial) return b24_call_renew(c, B24_TOKEN_WOKE);
    c->renew->token.step = B24_TOKEN_USE; /* a call of this process was that */
    return go_on(c);
}

/* Another call of this process has renewed it since this one was sent. */
static bool renewed_meanwhile(struct b24_call *c, enum b24_token_event event) {
    if (event != B24_TOKEN_REFUSED || c->renew->serial == c->conf->serial ||
        c->renew->token.rounds > 2)
        return false;
    c->renew->token.rounds++;
    return true;
}

static struct b24_decision question(enum b24_question asked) {
    return (struct b24_decision){.type = QUESTION, .question = asked};
}

static struct b24_decision store(enum b24_store_act what) {
    return (struct b24_decision){.type = STORE, .store = what};
}

struct b24_decision b24_call_renew(struct b24_call *c, enum b24_token_event event) {
    bool asks = c->renew->token.from == B24_ASKED, files = c->renew->token.from == B24_FILED;
    c->renew->token.none = c->conf->token == NULL;
    if (renewed_meanwhile(c, event)) return go_on(c);
    for (;;) switch (b24_token_next(&c->renew->token, event)) {
        case B24_TOKEN_USE: return go_on(c);
        case B24_TOKEN_WAIT: return wait(c);
        case B24_TOKEN_LOAD: return files ? store(B24_STORE_LOAD) : question(B24_LOAD);
        case B24_TOKEN_SAVE: return files ? store(B24_STORE_SAVE) : question(B24_SAVE);
        case B24_TOKEN_ASK: return question(B24_CREDENTIAL);
        case B24_TOKEN_LOCK:
            event = claim(c) ? B24_TOKEN_LOCKED : B24_TOKEN_BUSY;
            if (event == B24_TOKEN_LOCKED && !asks) return store(B24_STORE_LOCK);
            break;
        case B24_TOKEN_UNLOCK:
            event = B24_TOKEN_DONE;
            if (!asks) return store(B24_STORE_UNLOCK);
            break;
        case B24_TOKEN_REFRESH:
            if (buried(c)) event = B24_TOKEN_STALE;
            else if (prepare(c)) return refresh(c);
            else event = B24_TOKEN_BROKEN;
            break;
        case B24_TOKEN_MARK:
            event = B24_TOKEN_DONE;
            if (b24_call_bury(c) && files) return store(B24_STORE_MARK);
            break;
        default: return b24_then(FINAL);
        }
}
