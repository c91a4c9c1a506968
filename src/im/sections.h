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

/* X(NAME, camel, form, kind, marks, always, in_totals), in the order of b24.dialogs.
   camel:     its name where an undocumented JSON=Y was asked for
   kind:      what its dialogs are to a person; NULL: it does not say
   marks:     NAME_UNREAD lists what somebody has marked as unread
   always:    every answer has it in our shape
   in_totals: its counts are part of the totals
   DIALOG has the ids of users, every other section those of chats. COLLAB and COPILOT chats stand
   in CHAT too. */
#define B24_SECTIONS(X)                                                                            \
    X(DIALOG, "dialog", COUNTS, "user", true, true, true)                                          \
    X(CHAT, "chat", COUNTS, "chat", true, true, true)                                              \
    X(COLLAB, "collab", COUNTS, "collab", true, false, true)                                       \
    X(COPILOT, "copilot", COUNTS, "copilot", true, false, true)                                    \
    X(LINES, "lines", COUNTS, "lines", false, true, true)                                          \
    X(TASKS_TASK, "tasksTask", COUNTS, "tasks", true, false, true)                                 \
    X(CHANNEL_COMMENT, "channelComment", NESTED, "comment", false, false, true)                    \
    X(CHAT_MUTED, "chatMuted", COUNTS, NULL, false, false, false)                                  \
    X(TYPE, "type", TOTALS, NULL, false, true, false)

enum b24_section {
#define B24_SECTION_ID(NAME, camel, form, kind, marks, always, in_totals) B24_SECTION_##NAME,
    B24_SECTIONS(B24_SECTION_ID)
#undef B24_SECTION_ID
        B24_SECTION_COUNT
};

struct b24_section_row {
    const char *name, *camel;
    const char *marks, *camel_marks; /* NULL: it has none */
    const char *kind;
    enum b24_form form;
    bool always, in_totals;
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
