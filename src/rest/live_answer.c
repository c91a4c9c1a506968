/* What a poll has brought, and what that means. */
#include <string.h>

#include "base/random.h"
#include "rest/live_event.h"
#include "rest/live_impl.h"

#define AT_ONCE 1000 /* ms: an answer sooner than that did not wait for anything to happen */
#define STOPPED                                                                                    \
    5000 /* ms that a poll ends too late, if this process was stopped or the machine suspended */

/* ms: not all of a portal's users ask for a new configuration at the same moment */
#define RENEW_FIRST 10000
#define RENEW_LAST  120000

static struct b24_live_judgement verdict(enum b24_live_verdict v) {
    return (struct b24_live_judgement){.verdict = v};
}

static struct b24_live_judgement bad(enum b24_live_verdict v, const char *code, const char *text) {
    return (struct b24_live_judgement){.verdict = v, .code = code, .text = text};
}

/* ------------------------------------------------------------ 200: events */

static void renew_by(struct b24_live *l, b24_ms at) {
    if (at < l->renew) l->renew = at;
}

/* False: this message was there already. Numbers have all the same length: they compare as text. */
static bool is_new(struct b24_live *l, const char *mid) {
    if (mid[0] == '\0') return true;
    if (strcmp(mid, l->mid) == 0) return false;
    /* An earlier one that comes late is news, but no place to go on from. */
    if (strcmp(mid, l->mid) > 0) memcpy(l->mid, mid, sizeof l->mid);
    return true;
}

static void take_effect(struct b24_live *l, enum b24_live_effect effect, struct b24_view channel,
                        struct b24_live_judgement *j) {
    switch (effect) {
    case B24_LIVE_NOTHING: break;
    case B24_LIVE_COUNTERS: j->changed = true; break;
    case B24_LIVE_NEW_CONFIG: j->verdict = B24_LIVE_RENEW; break;
    case B24_LIVE_NEW_CONFIG_SOON:
        renew_by(l, l->now + b24_random_between(&l->random, RENEW_FIRST, RENEW_LAST));
        break;
    case B24_LIVE_NEW_CHANNEL:
        l->fresh = true;
        if (!b24_live_config_swap(&l->config, channel)) j->verdict = B24_LIVE_RENEW;
        break;
    case B24_LIVE_RESTART:
        if (j->verdict != B24_LIVE_RENEW) j->verdict = B24_LIVE_LATER;
        break;
    }
}

static struct b24_live_judgement judge_events(struct b24_live *l, struct b24_live_frames *frames) {
    struct b24_live_judgement j = verdict(B24_LIVE_GOOD);
    struct b24_live_frame frame;
    bool news = false;
    while (b24_live_frames_next(frames, &frame)) {
        struct b24_view channel = {"", 0};
        if (!is_new(l, frame.mid)) continue;
        news = true;
        if (frame.is_other) continue;
        enum b24_live_effect effect = b24_live_effect_of(frame.body, &channel);
        take_effect(l, effect, channel, &j);
    }
    if (frames->no_memory) return bad(B24_LIVE_BAD, "OUT_OF_MEMORY", "out of memory");
    if (!news && frames->cut)
        return bad(B24_LIVE_BAD, "REPLY_CUT", "the push server's answer was cut off");
    if (!news) j.verdict = B24_LIVE_IDLE;
    return j;
}

/* Empty: the server does not know where we were. */
static struct b24_live_judgement judge_empty(struct b24_live *l) {
    struct b24_live_judgement j = verdict(B24_LIVE_IDLE);
    j.changed = l->mid[0] != '\0'; /* what came since then will not come again */
    l->mid[0] = '\0';
    return j;
}

static struct b24_live_judgement judge_body(struct b24_live *l, struct b24_view body) {
    struct b24_live_frames frames;
    struct b24_live_judgement j;
    if (body.n == 0) return judge_empty(l);
    if (b24_live_frames_begin(&frames, body)) j = judge_events(l, &frames);
    else
        j = bad(B24_LIVE_BAD, "NOT_A_PUSH_SERVER",
                "what answers in the push server's place is none: a proxy, perhaps");
    b24_live_frames_end(&frames);
    return j;
}

/* ------------------------------------------------------------ other answers */

/* Its header tells the newest message's number, if there has been any. */
static struct b24_live_judgement judge_nothing_new(struct b24_live *l, const struct b24_reply *r) {
    static const char sentinel[] = "Thu, 01 Jan 1973 11:11:01 GMT"; /* else a proxy made the 304 */
    bool real =
        r->expires.n == sizeof sentinel - 1 && memcmp(r->expires.p, sentinel, r->expires.n) == 0;
    char mid[B24_MID_DIGITS + 1] = "";
    if (real && b24_live_is_mid(r->last_message_id))
        memcpy(mid, r->last_message_id.p, B24_MID_DIGITS);
    if (mid[0] != '\0') is_new(l, mid);
    return verdict(l->now - l->begun < AT_ONCE ? B24_LIVE_IDLE : B24_LIVE_GOOD);
}

struct b24_live_judgement b24_live_judge_reply(struct b24_live *l, const struct b24_reply *r) {
    switch (r->status) {
    case 200: return judge_body(l, r->body);
    case 304: return judge_nothing_new(l, r);
    case 400:
    case 403:
        return bad(B24_LIVE_LOST, "CHANNEL_REFUSED", "the push server does not know the channel");
    case 404: return bad(B24_LIVE_GONE, "NO_PUSH_SERVER", "no push server answers at its address");
    case 429:
        return bad(B24_LIVE_BAD, "TOO_MANY_LISTENERS",
                   "too many programs listen to this user's channel");
    default:
        return bad(B24_LIVE_BAD, "PUSH_SERVER_FAILED", "the push server answers with an error");
    }
}

/* ------------------------------------------------------------ no answer */

static struct b24_live_judgement judge_timeout(const struct b24_live *l) {
    if (l->now - l->begun > l->request.timeout + STOPPED) return verdict(B24_LIVE_RESUMED);
    if (l->now - l->sign < B24_LIVE_SILENCE) return verdict(B24_LIVE_GOOD);
    return bad(B24_LIVE_SILENT, "PUSH_SERVER_SILENT",
               "nothing was heard from the push server for 70 s");
}

struct b24_live_judgement b24_live_judge_failure(struct b24_live *l, const struct b24_failure *f) {
    bool late = l->now - l->begun + AT_ONCE >= l->request.timeout;
    if (f->kind == B24_TIMEOUT && late) return judge_timeout(l);
    if (l->now - l->begun > l->request.timeout + STOPPED) return verdict(B24_LIVE_RESUMED);
    if (f->kind == B24_TOO_LARGE) l->mid[0] = '\0'; /* it would come again */
    return bad(B24_LIVE_BAD, f->code, "the push server cannot be reached");
}
