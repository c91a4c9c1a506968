/* im/sections.h: the one list of what im.counters.get answers with. */
#ifndef B24_IM_SECTIONS_H
#define B24_IM_SECTIONS_H

#include "base/common.h"

B24_PRIVATE_BEGIN

enum b24_form {
    B24_FORM_TOTALS, /* a map of names */
    B24_FORM_COUNTS, /* a map of ids */
    B24_FORM_NESTED  /* a map of maps of ids */
};

enum b24_section_flag {
    B24_HAS_MARKS = 1, /* NAME_UNREAD lists what somebody has marked as unread */
    B24_ALWAYS = 2,    /* every answer has it in our shape */
    B24_COUNTED = 4    /* its counts are part of the totals */
};

/* X(NAME, camel, form, kind, flags), in the order of b24.dialogs.
   camel: its name where an undocumented JSON=Y was asked for
   kind:  what its dialogs are to a person; NULL: it does not say
   DIALOG has the ids of users, every other section those of chats. COLLAB and COPILOT chats stand
   in CHAT too. */
#define B24_SECTIONS(X)                                                                            \
    X(DIALOG, "dialog", COUNTS, "user", B24_HAS_MARKS | B24_ALWAYS | B24_COUNTED)                  \
    X(CHAT, "chat", COUNTS, "chat", B24_HAS_MARKS | B24_ALWAYS | B24_COUNTED)                      \
    X(COLLAB, "collab", COUNTS, "collab", B24_HAS_MARKS | B24_COUNTED)                             \
    X(COPILOT, "copilot", COUNTS, "copilot", B24_HAS_MARKS | B24_COUNTED)                          \
    X(LINES, "lines", COUNTS, "lines", B24_ALWAYS | B24_COUNTED)                                   \
    X(TASKS_TASK, "tasksTask", COUNTS, "tasks", B24_HAS_MARKS | B24_COUNTED)                       \
    X(CHANNEL_COMMENT, "channelComment", NESTED, "comment", B24_COUNTED)                           \
    X(CHAT_MUTED, "chatMuted", COUNTS, NULL, 0)                                                    \
    X(TYPE, "type", TOTALS, NULL, B24_ALWAYS)

enum b24_section {
#define B24_SECTION_ID(NAME, camel, form, kind, flags) B24_SECTION_##NAME,
    B24_SECTIONS(B24_SECTION_ID)
#undef B24_SECTION_ID
        B24_SECTION_COUNT
};

struct b24_section_row {
    const char *name, *camel;
    const char *marks, *camel_marks; /* NULL: it has none */
    const char *kind;
    enum b24_form form;
    int flags; /* b24_section_flag */
};

extern const struct b24_section_row b24_sections[B24_SECTION_COUNT];

/* What a name stands for. */
struct b24_section_name {
    const struct b24_section_row *row; /* NULL: nothing that we know */
    bool marks;                        /* its list of marks */
    bool camel;                        /* spelled in camel case */
};

struct b24_section_name b24_section_find(const char *name);

B24_PRIVATE_END
#endif
