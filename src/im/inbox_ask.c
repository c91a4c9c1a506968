#include "im/inbox_ask.h"

#include <math.h>

#define PEOPLE_MAX 50
#define CHATS_MAX  49 /* and one command for all people: a batch has 50 */
#define WAITS_MAX  50

/* ------------------------------------------------------------ questions */

struct questions {
    struct b24_inbox_question *list;
    size_t n;
};

/* Those that `want` says so of, in the order of the list, at most `most`. */
static void ask(struct questions *q, enum b24_ask what, size_t most, const struct b24_waiting *list,
                size_t n, bool (*want)(const struct b24_waiting *w)) {
    size_t asked = 0;
    for (size_t i = 0; i < n && asked < most; i++) {
        if (*list[i].dialog_id == '\0' || !want(&list[i])) continue;
        q->list[q->n++] = (struct b24_inbox_question){what, &list[i]};
        asked++;
    }
}

static bool person_without_name(const struct b24_waiting *w) { return w->unknown && w->person; }

static bool chat_without_name(const struct b24_waiting *w) { return w->unknown && !w->person; }

static bool wait_is_open(const struct b24_waiting *w) {
    return w->unread > 0 && (!w->waiting.known || w->at_least);
}

static bool kept_waiting(const struct b24_waiting *w) { return wait_is_open(w) && !w->muted; }

static bool muted_waiting(const struct b24_waiting *w) { return wait_is_open(w) && w->muted; }

size_t b24_inbox_ask(const struct b24_waiting *list, size_t n, bool waiting,
                     struct b24_inbox_question questions[B24_INBOX_QUESTIONS_MAX]) {
    struct questions q = {questions, 0};
    ask(&q, B24_ASK_PERSON, PEOPLE_MAX, list, n, person_without_name);
    ask(&q, B24_ASK_CHAT, CHATS_MAX, list, n, chat_without_name);
    if (!waiting) return q.n;
    size_t names = q.n;
    /* Nobody is kept waiting by what is muted, so that comes last. */
    ask(&q, B24_ASK_WAIT, WAITS_MAX, list, n, kept_waiting);
    ask(&q, B24_ASK_WAIT, WAITS_MAX - (q.n - names), list, n, muted_waiting);
    return q.n;
}

/* ------------------------------------------------------------ answers */

void b24_oldest_add(struct b24_oldest *oldest, const struct b24_waiting_message *message,
                    const char *dialog_id, double me) {
    bool own = message->author.known && b24_is_own(dialog_id, message->author.value, me);
    if (own || message->read || !message->date.known || !message->id.known) return;
    if (oldest->id == 0 || message->id.value < oldest->id)
        *oldest = (struct b24_oldest){message->id.value, message->date.value};
}

struct b24_known b24_oldest_waits(const struct b24_oldest *oldest, double now) {
    if (oldest->id == 0) return (struct b24_known){.known = false};
    return (struct b24_known){true, now > oldest->date ? floor(now - oldest->date) : 0};
}
