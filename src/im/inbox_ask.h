/* im/inbox_ask.h: the second look at an inbox: what the list of recent chats left open, and what
   the answers mean. */
#ifndef B24_IM_INBOX_ASK_H
#define B24_IM_INBOX_ASK_H

#include "im/inbox.h"

B24_PRIVATE_BEGIN

enum b24_ask {
    B24_ASK_PERSON, /* a name; of all people in one command */
    B24_ASK_CHAT,   /* a name; a command for each */
    B24_ASK_WAIT    /* the first unread message; a command for each */
};

struct b24_inbox_question {
    enum b24_ask ask;
    const struct b24_waiting *dialog;
};

#define B24_INBOX_QUESTIONS_MAX 150 /* 50 people, 49 chats, 50 waits */

/* What to ask about these dialogs, at most two batches: names, and with `waiting` how long those
   wait whose newest message did not tell it. Returns how many. Dialogs without an id are passed
   over. */
size_t b24_inbox_ask(const struct b24_waiting *list, size_t n, bool waiting,
                     struct b24_inbox_question questions[B24_INBOX_QUESTIONS_MAX]);

/* A message in the answer to B24_ASK_WAIT. */
struct b24_waiting_message {
    struct b24_known id, author, date;
    bool read; /* surely */
};

/* The oldest unread message that somebody else than `me` wrote. All zero: none yet. */
struct b24_oldest {
    double id, date;
};

void b24_oldest_add(struct b24_oldest *oldest, const struct b24_waiting_message *message,
                    const char *dialog_id, double me);

/* For how many whole seconds it waits; unknown: there is none. */
struct b24_known b24_oldest_waits(const struct b24_oldest *oldest, double now);

B24_PRIVATE_END
#endif
