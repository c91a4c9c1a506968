#include "im/sections.h"

#include <string.h>

const struct b24_section_row b24_sections[B24_SECTION_COUNT] = {
#define ROW(NAME, camel, form, kind, flags)                                                        \
    {#NAME,                                                                                        \
     camel,                                                                                        \
     ((flags)&B24_HAS_MARKS) != 0 ? #NAME "_UNREAD" : NULL,                                        \
     ((flags)&B24_HAS_MARKS) != 0 ? camel "Unread" : NULL,                                         \
     kind,                                                                                         \
     B24_FORM_##form,                                                                              \
     flags},
    B24_SECTIONS(ROW)
#undef ROW
};

static bool is(const char *name, const char *other) {
    return other != NULL && *name == *other && strcmp(name, other) == 0;
}

struct b24_section_name b24_section_find(const char *name) {
    for (size_t i = 0; i < B24_SECTION_COUNT; i++) {
        const struct b24_section_row *row = &b24_sections[i];
        struct b24_section_name found = {.row = row};
        found.marks = is(name, row->marks) || is(name, row->camel_marks);
        found.camel = is(name, row->camel) || is(name, row->camel_marks);
        if (found.marks || found.camel || is(name, row->name)) return found;
    }
    return (struct b24_section_name){.row = NULL};
}
