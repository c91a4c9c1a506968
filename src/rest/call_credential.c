/* The credential that a call goes with: may it be renewed (call_token.c), is it the newest? */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "rest/call_impl.h"

bool b24_call_renew_new(struct b24_call *c, struct b24_conf *conf) {
    if (conf == NULL || conf->renewal == B24_FIXED) return true;
    struct b24_renew *r = c->renew = calloc(1, sizeof *r);
    if (r == NULL) return false;
    r->owner = conf;
    r->token.from = conf->renewal;
    r->serial = conf->serial;
    b24_outcome_init(&r->said);
    return true;
}

void b24_call_renew_end(struct b24_call *c) {
    if (c->renew != NULL && c->renew->owner->renewer == c) c->renew->owner->renewer = NULL;
}

void b24_call_renew_free(struct b24_call *c) {
    if (c->renew == NULL) return;
    b24_call_renew_end(c);
    b24_request_free(&c->renew->text);
    b24_outcome_free(&c->renew->said);
    c->outcome.from = NULL; /* it may be in here */
    free(c->renew);
    c->renew = NULL;
}

/* Of the user's own store the conf has seen nothing yet: its tokens may be long out of date. */
static bool unseen(const struct b24_call *c) {
    return c->renew->token.from == B24_STORED && !c->conf->app->loaded;
}

bool b24_call_renew_first(const struct b24_call *c) {
    if (c->renew == NULL || c->conf->secret != NULL) return false;
    return c->conf->token == NULL || unseen(c);
}

bool b24_call_refused(const struct b24_call *c) {
    static const char *const codes[] = {"expired_token", "invalid_token", "INVALID_CREDENTIALS"};
    if (c->renew == NULL || c->outcome.kind != B24_AUTH) return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (b24_same(c->outcome.code, codes[i])) return true;
    return false;
}

/* Are these what a conf's own tokens have grown into? Tokens of a later log-in are, when the
   server does not take the conf's any more. */
static bool grown(const struct b24_call *c, const struct b24_app *stored) {
    const struct b24_app *app = c->renew->owner->app;
    return c->renew->token.again || app->settled || app->seed[0] == '\0' ||
           stored->seed[0] == '\0' || strcmp(app->seed, stored->seed) == 0;
}

/* The store has what it had when this conf has looked last, or written: a pair that could not be
   saved is newer. */
static bool unchanged(const struct b24_call *c, const struct b24_app *stored) {
    uint64_t kept = c->renew->owner->app->kept;
    return !c->renew->token.again && kept != 0 && kept == b24_grant_mark(&stored->grant);
}

bool b24_call_knows_better(const struct b24_call *c, const struct b24_app *stored) {
    return stored->grant.access_token[0] == '\0' || !grown(c, stored) || unchanged(c, stored);
}

void b24_call_settle(struct b24_app *app) {
    app->settled = true;
    app->kept = b24_grant_mark(&app->grant);
}

bool b24_call_bury(struct b24_call *c) {
    struct b24_app *app = c->renew->owner->app;
    double now = b24_clock_wall();
    if (app->code[0] != '\0' || !b24_same(c->outcome.code, "invalid_grant") ||
        b24_app_buried(app, now))
        return false;
    b24_app_bury(app, now);
    return true;
}

bool b24_call_use_newest(struct b24_call *c) {
    if (c->renew == NULL || c->renew->serial == c->conf->serial) return true;
    if (!b24_request_renew(&c->text, c->conf, c->origin, b24_view_of(c->method))) return false;
    c->renew->serial = c->request.serial = c->conf->serial;
    c->request.url = c->text.url;
    return true;
}
