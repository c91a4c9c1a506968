/* A live channel acts: events come in, live_answer.c judges, an action goes out. */
#include "rest/live_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mask.h"
#include "base/random.h"

#define POLL_TIME  60000 /* ms of one poll; proxies often cut after 60 s */
#define POLL_LEAST 1000  /* ms */

/* ms before the 1st, 2nd, 3rd attempt to reconnect; the 4th failure ends it */
static const b24_ms reconnect[] = {500, 15000, 45000};
#define FAILURES_MAX 4
#define REFUSALS_MAX 2 /* of the channel; the portal is not asked again and again for another */

#define FIRST_FALL  600000  /* ms of polling before live is tried again */
#define LATER_FALLS 3600000 /* the same from the second time on */
#define JITTER      20      /* per cent, upward: those that were thrown out together drift apart */

#define RESTART       15000 /* ms that a restarting push server gets */
#define REFUSED_FIRST 5000  /* ms before the configuration is asked for after a refusal */
#define REFUSED_LAST  35000

#define RENEW_BEFORE 30000 /* ms before a channel ends, or a tenth of its life */
#define RENEW_LEAST  10000 /* ms between two configurations, however short the channel's life is */

#define IDLE_LEAST 1000 /* ms between two polls that end at once; doubled each time */
#define IDLE_MOST  30000

#define HINT_SCOPE       "Tick the scope pull_channel (Push and Pull) in the webhook's settings."
#define HINT_APPLICATION "Give the application the scope pull."
#define HINT_NO_SERVER   "An administrator can install a push server (module Push and Pull)."

static const char *const methods[] = {"pull.config.get", "pull.api.config.get"};
#define METHODS 2

const char *b24_live_event_name(enum b24_live_event_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_LIVE_EVENTS(X)
#undef X
    };
    return names[type];
}

const char *b24_live_action_name(enum b24_live_action_type type) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_LIVE_ACTIONS(X)
#undef X
    };
    return names[type];
}

/* ------------------------------------------------------------ memory */

static bool build(struct b24_live *l) {
    const char *agent = l->conf->user_agent ? l->conf->user_agent : B24_USER_AGENT;
    b24_buffer_init(&l->url, (size_t)3 * B24_LIVE_ID_MAX + (size_t)2 * B24_URL_MAX);
    b24_buffer_init(&l->agent, (size_t)8 * B24_URL_MAX);
    if (!b24_buffer_puts(&l->agent, "User-Agent: ") || !b24_buffer_puts(&l->agent, agent))
        return false;
    l->headers[0] = l->agent.p;
    l->request.headers = l->headers;
    l->request.body = (struct b24_view){"", 0};
    l->request.repeatable = true; /* and without a body: GET */
    l->request.max_reply = B24_LIVE_REPLY_MAX;
    return true;
}

struct b24_live *b24_live_new(const struct b24_conf *conf, uint64_t seed) {
    struct b24_live *l = calloc(1, sizeof *l);
    if (l == NULL) return NULL;
    l->conf = conf;
    l->random = seed;
    l->phase = NEW;
    if (build(l)) return l;
    b24_live_free(l);
    return NULL;
}

static void wipe(struct b24_buffer *b) {
    for (volatile char *p = b->p; p != NULL && p < b->p + b->cap; p++) *p = '\0';
}

void b24_live_free(struct b24_live *l) {
    if (l == NULL) return;
    b24_live_config_free(&l->config);
    wipe(&l->url);
    b24_buffer_free(&l->url);
    b24_buffer_free(&l->agent);
    free(l);
}

const struct b24_live_state *b24_live_state(const struct b24_live *l) { return &l->state; }

/* ------------------------------------------------------------ actions */

static b24_ms jittered(struct b24_live *l, b24_ms pause) {
    return pause + b24_random_between(&l->random, 0, pause * JITTER / 100);
}

static struct b24_live_action pause_for(struct b24_live *l, b24_ms pause,
                                        enum b24_live_after after) {
    l->phase = PAUSED;
    l->after = after;
    l->wake = l->now + pause;
    return (struct b24_live_action){.type = B24_LIVE_SLEEP, .sleep = pause};
}

static struct b24_live_action ask(struct b24_live *l) {
    l->phase = ASKING;
    return (struct b24_live_action){.type = B24_LIVE_ASK, .method = methods[l->method]};
}

static struct b24_live_action ask_first(struct b24_live *l) {
    l->method = l->conf->token != NULL ? 1 : 0; /* pull.config.get takes no tokens */
    l->lacks_scope = false;
    return ask(l);
}

static void say(struct b24_live *l, const char *code, const char *text, const char *hint) {
    b24_copy_text(l->state.code, sizeof l->state.code, b24_view_of(code));
    b24_copy_text(l->state.text, sizeof l->state.text, b24_view_of(text));
    if (l->config.channel != NULL) b24_mask_word(l->state.text, l->config.channel);
    b24_conf_mask(l->conf, l->state.text);
    l->state.hint = hint;
}

/* Back to polling, for a while. */
static struct b24_live_action fall(struct b24_live *l, const char *code, const char *text,
                                   const char *hint) {
    bool known = l->state.tried && !l->state.on;
    say(l, code, text, hint);
    l->state.on = false;
    l->state.tried = true;
    b24_live_config_free(&l->config);
    l->usable = l->passing = false;
    l->failures = l->refusals = l->quick = 0;
    b24_ms pause = l->falls++ == 0 ? FIRST_FALL : LATER_FALLS;
    if (l->falls > 2) l->falls = 2;
    struct b24_live_action action = pause_for(l, jittered(l, pause), THEN_ASK);
    action.changed = !known;
    action.told = !known;
    return action;
}

/* The same for what may be over as soon as the network is back. */
static struct b24_live_action fall_for_now(struct b24_live *l, const char *code, const char *text) {
    struct b24_live_action action = fall(l, code, text, NULL);
    l->passing = true;
    return action;
}

static struct b24_live_action failed(struct b24_live *l, const char *code, const char *text) {
    l->fresh = true;
    if (++l->failures >= FAILURES_MAX) return fall_for_now(l, code, text);
    return pause_for(l, jittered(l, reconnect[l->failures - 1]), THEN_POLL);
}

static bool write_url(struct b24_live *l) {
    b24_buffer_reset(&l->url, l->url.max);
    l->request.url = "";
    if (!b24_live_config_url(&l->config, l->mid, &l->url)) return false;
    l->request.url = l->url.p;
    return true;
}

static struct b24_live_action poll(struct b24_live *l) {
    if (!l->usable || l->now >= l->renew) return ask_first(l);
    if (!write_url(l)) return failed(l, "OUT_OF_MEMORY", "out of memory");
    if (l->fresh) l->sign = l->now;
    b24_ms time = POLL_TIME, most = l->sign + B24_LIVE_SILENCE - l->now;
    if (time > most) time = most;
    if (time > l->renew - l->now) time = l->renew - l->now;
    l->request.timeout = time > POLL_LEAST ? time : POLL_LEAST;
    l->begun = l->now;
    l->phase = POLLING;
    /* What came before this poll has begun, it will not tell. */
    return (struct b24_live_action){
        .type = B24_LIVE_POLL, .poll = &l->request, .changed = l->fresh};
}

/* ------------------------------------------------------------ the configuration has come, or not
 */

static struct b24_live_action on_config(struct b24_live *l, const struct b24_live_event *event) {
    struct b24_fault fault;
    bool plain = l->conf->allow_http && strncmp(l->conf->origin, "http://", 7) == 0;
    l->usable = b24_live_config_read(&l->config, event->as.config.reply, plain,
                                     event->as.config.wall, &fault);
    if (!l->usable && strcmp(fault.code, "OUT_OF_MEMORY") == 0)
        return failed(l, fault.code, fault.message);
    if (!l->usable) return fall(l, fault.code, fault.message, fault.hint);
    b24_ms life = l->config.life, before = life / 10;
    life -= before < RENEW_BEFORE ? before : RENEW_BEFORE;
    l->renew = l->now + (life > RENEW_LEAST ? life : RENEW_LEAST);
    memcpy(l->state.origin, l->config.origin, sizeof l->state.origin);
    l->fresh = true;
    return poll(l);
}

/* Would it be the same a minute later? */
static bool is_final(enum b24_kind kind) {
    return kind == B24_DENIED || kind == B24_AUTH || kind == B24_PORTAL || kind == B24_CONFIG;
}

static struct b24_live_action no_server(struct b24_live *l) {
    return fall(l, "NO_PUSH_SERVER", "this portal has no push server", HINT_NO_SERVER);
}

static struct b24_live_action on_refused(struct b24_live *l, const struct b24_live_event *event) {
    char code[B24_CODE_MAX], text[B24_TEXT_MAX];
    b24_copy_text(code, sizeof code, event->as.refused.code);
    b24_copy_text(text, sizeof text, event->as.refused.text);
    if (!is_final(event->as.refused.kind)) return failed(l, code, text);
    if (b24_same(code, "SERVER_ERROR")) return no_server(l);
    if (b24_same(code, "insufficient_scope")) l->lacks_scope = true;
    if (++l->method < METHODS) return ask(l);
    if (l->lacks_scope && l->conf->token != NULL)
        return fall(l, "insufficient_scope", "the scope pull is missing", HINT_APPLICATION);
    if (l->lacks_scope)
        return fall(l, "insufficient_scope", "the scope pull_channel is missing", HINT_SCOPE);
    if (b24_same(code, "ERROR_METHOD_NOT_FOUND")) return no_server(l);
    return fall(l, code, text, NULL);
}

/* ------------------------------------------------------------ a poll has ended */

/* The server is there. */
static bool alive(struct b24_live *l, struct b24_live_action *action, bool answered) {
    if (!answered) return false;
    l->failures = l->refusals = l->falls = 0;
    l->sign = l->now;
    if (l->fresh) action->changed = true;
    l->fresh = false;
    action->told = !l->state.on;
    l->state.on = l->state.tried = true;
    l->state.code[0] = l->state.text[0] = '\0';
    l->state.hint = NULL;
    return true;
}

static struct b24_live_action idle(struct b24_live *l) {
    b24_ms pause = IDLE_LEAST;
    for (int i = 0; i < l->quick && pause < IDLE_MOST; i++) pause *= 2;
    if (l->quick < 16) l->quick++;
    return pause_for(l, pause < IDLE_MOST ? pause : IDLE_MOST, THEN_POLL);
}

static struct b24_live_action refused(struct b24_live *l, const struct b24_live_judgement *j) {
    l->fresh = true;
    if (++l->refusals >= REFUSALS_MAX) return fall(l, j->code, j->text, NULL);
    if (j->verdict == B24_LIVE_GONE) return failed(l, j->code, j->text);
    l->usable = false;
    return pause_for(l, b24_random_between(&l->random, REFUSED_FIRST, REFUSED_LAST), THEN_ASK);
}

static struct b24_live_action go_on(struct b24_live *l, const struct b24_live_judgement *j) {
    switch (j->verdict) {
    case B24_LIVE_IDLE: return idle(l);
    case B24_LIVE_BAD: return failed(l, j->code, j->text);
    case B24_LIVE_LOST:
    case B24_LIVE_GONE: return refused(l, j);
    case B24_LIVE_RENEW: l->usable = false; return ask_first(l);
    case B24_LIVE_LATER: l->fresh = true; return pause_for(l, jittered(l, RESTART), THEN_POLL);
    case B24_LIVE_RESUMED: l->fresh = true; return poll(l);
    case B24_LIVE_SILENT: return fall_for_now(l, j->code, j->text);
    case B24_LIVE_GOOD:
    default: l->quick = 0; return poll(l);
    }
}

static struct b24_live_action on_answer(struct b24_live *l, const struct b24_live_event *event) {
    bool reply = event->type == B24_LIVE_REPLY;
    struct b24_live_judgement j = reply ? b24_live_judge_reply(l, &event->as.reply)
                                        : b24_live_judge_failure(l, &event->as.failed);
    struct b24_live_action before = {.changed = j.changed};
    bool good = j.verdict == B24_LIVE_GOOD || j.verdict == B24_LIVE_IDLE ||
                j.verdict == B24_LIVE_RENEW || j.verdict == B24_LIVE_LATER;
    alive(l, &before, reply && good);
    struct b24_live_action action = go_on(l, &j);
    action.changed = action.changed || before.changed;
    action.told = action.told || before.told;
    return action;
}

/* ------------------------------------------------------------ events */

static struct b24_live_action on_go(struct b24_live *l) {
    l->fresh = true;
    l->quick = 0;
    bool refused = l->state.tried && !l->state.on && !l->passing;
    if (l->phase == PAUSED && refused && l->now < l->wake)
        return pause_for(l, l->wake - l->now, l->after);
    if (l->state.on) l->state.on = l->state.tried = false; /* until the server answers again */
    return poll(l);
}

static struct b24_live_action on_woke(struct b24_live *l) {
    if (l->now < l->wake) return pause_for(l, l->wake - l->now, l->after);
    return l->after == THEN_ASK ? ask_first(l) : poll(l);
}

static bool legal(const struct b24_live *l, enum b24_live_event_type type) {
    static const unsigned events[] = {
#define X(name, legal) legal,
        B24_LIVE_STATES(X)
#undef X
    };
    return type == B24_LIVE_GO || (events[l->phase] & 1u << type) != 0;
}

struct b24_live_action b24_live_next(struct b24_live *l, const struct b24_live_event *event,
                                     b24_ms now) {
    if (now > l->now || l->phase == NEW) l->now = now;
    if (!legal(l, event->type)) return (struct b24_live_action){.type = B24_LIVE_MISUSE};
    switch (event->type) {
    case B24_LIVE_CONFIG: return on_config(l, event);
    case B24_LIVE_REFUSED: return on_refused(l, event);
    case B24_LIVE_REPLY:
    case B24_LIVE_FAILED: return on_answer(l, event);
    case B24_LIVE_WOKE: return on_woke(l);
    case B24_LIVE_GO:
    default: return on_go(l);
    }
}
