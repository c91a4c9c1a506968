/* im/inbox.h: who waits. The counters say how many messages there are, the list of recent chats
   says whose they are; here they are joined by their ids. The rules of the ids: DIALOG has user
   ids, every other section chat ids, CHAT_MUTED also for private dialogs. */
#ifndef B24_IM_INBOX_H
#define B24_IM_INBOX_H

#include "im/counts.h"

B24_PRIVATE_BEGIN

#define B24_DIALOG_ID_MAX (4 + B24_ID_MAX) /* "chat" and the digits */

/* Text that its struct owns; p is NULL for none. */
struct b24_text {
    char *p;
    size_t n;
};

/* A dialog with unread messages, or marked as unread. */
struct b24_waiting {
    char dialog_id[B24_DIALOG_ID_MAX + 1];
    enum b24_section section;
    const char *kind; /* static; NULL: nobody says */
    double unread;
    bool person; /* dialog_id is a user's */
    bool marked, muted;
    bool dismissed;           /* no colleague any more */
    bool unknown;             /* has no name yet */
    bool hidden;              /* is not in the list of recent chats */
    bool at_least;            /* `waiting` may be more */
    bool gone;                /* has moved to another id */
    struct b24_known waiting; /* for so many seconds */
    struct b24_known date;    /* of its newest message, in seconds since 1970 */
    struct b24_known chat_id, last_id;
    struct b24_text name, last_message;
};

/* All zero: empty. */
struct b24_inbox {
    struct b24_waiting *list;
    size_t n;
    size_t sorted; /* of them in the order of ids; after them those that have moved */
    double me;     /* id of the user whose inbox it is; 0: unknown */
    double now;    /* by the portal's clock; 0: unknown */
    bool no_memory;
};

/* A row of im.recent.list. Its texts are views of who reads it. */
struct b24_recent {
    char dialog_id[B24_DIALOG_ID_MAX + 1];
    char chat[B24_DIALOG_ID_MAX + 1]; /* "chat18", also of a dialog with a person; "": not told */
    struct b24_known chat_id, last_id;
    struct b24_known counter; /* the list's own count of unread messages */
    bool muted;               /* by the user whose inbox it is */
    bool dismissed;
    struct b24_view title, user_name;          /* empty: not told */
    struct b24_view type;                      /* of the chat; p is NULL: not told */
    struct b24_known date, message_id, author; /* of its newest message */
    struct b24_view text;
};

/* Fills an empty inbox with all dialogs that the counters name. False: no memory. */
bool b24_inbox_open(struct b24_inbox *inbox, const struct b24_counts *counts);

/* Adds what the row says, if it is of a dialog that waits. See no_memory. */
void b24_inbox_join(struct b24_inbox *inbox, const struct b24_recent *row);

/* Leaves the dialogs of `section` (NULL: all), newest first. `complete`: all recent chats were
   joined, so what is not among them is hidden. Returns how many more of them could still name:
   comments are never among them. */
int b24_inbox_close(struct b24_inbox *inbox, const char *section, bool complete);

void b24_inbox_free(struct b24_inbox *inbox);

/* ---- what the second look at an inbox needs too */

/* "547" or "chat18" from decimal digits. False: they are no id. */
bool b24_dialog_id(struct b24_view digits, bool person, char dialog_id[B24_DIALOG_ID_MAX + 1]);

bool b24_dialog_is_person(const char *dialog_id);

/* The kind of a chat of that type; static. */
const char *b24_chat_kind(struct b24_view type);

/* Does a chat of this kind, with unread messages, stand in the list of recent chats unless it was
   hidden? Comments never do; a line that nobody has answered yet counts 1, but is not listed as
   unread. */
bool b24_kind_is_listed(const char *kind);

/* Did the user `me` (0: unknown) write it himself? Notes to himself wait like others'. */
bool b24_is_own(const char *dialog_id, double author, double me);

B24_PRIVATE_END
#endif
