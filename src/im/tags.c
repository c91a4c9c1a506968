#include "im/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

/* Names in lower case. What clients of all generations write and understand. */
static const struct {
    const char *name;
    enum b24_tag_kind kind;
} names[] = {{"b", B24_TAG_STYLE},          {"i", B24_TAG_STYLE},       {"u", B24_TAG_STYLE},
             {"s", B24_TAG_STYLE},          {"size", B24_TAG_STYLE},    {"color", B24_TAG_STYLE},
             {"font", B24_TAG_STYLE},       {"left", B24_TAG_STYLE},    {"right", B24_TAG_STYLE},
             {"center", B24_TAG_STYLE},     {"justify", B24_TAG_STYLE}, {"p", B24_TAG_STYLE},
             {"list", B24_TAG_STYLE},       {"spoiler", B24_TAG_STYLE}, {"img", B24_TAG_STYLE},
             {"video", B24_TAG_STYLE},      {"context", B24_TAG_STYLE}, {"dialog", B24_TAG_STYLE},
             {"user", B24_TAG_ABOUT},       {"chat", B24_TAG_ABOUT},    {"call", B24_TAG_ABOUT},
             {"pch", B24_TAG_ABOUT},        {"send", B24_TAG_ABOUT},    {"put", B24_TAG_ABOUT},
             {"department", B24_TAG_ABOUT}, {"project", B24_TAG_ABOUT}, {"url", B24_TAG_LINK},
             {"email", B24_TAG_LINK},       {"table", B24_TAG_STYLE},   {"tr", B24_TAG_STYLE},
             {"td", B24_TAG_STYLE},         {"th", B24_TAG_STYLE},      {"sub", B24_TAG_STYLE},
             {"sup", B24_TAG_STYLE},        {"code", B24_TAG_CODE},     {"quote", B24_TAG_QUOTE},
             {"*", B24_TAG_ITEM},           {"icon", B24_TAG_ICON},     {"disk", B24_TAG_FILE},
             {"attach", B24_TAG_NOTHING},   {"rating", B24_TAG_NOTHING}};

#define NAMES        (sizeof names / sizeof *names)
#define LONGEST_NAME 10 /* "department" */

#define VALUE_MAX 4096 /* bytes: longer than any address that a browser takes */

const char *b24_tag_name(const struct b24_tag *tag) { return names[tag->name].name; }

static bool same(const char *text, const char *lower, size_t n) {
    size_t i = 0;
    while (i < n && b24_lower(text[i]) == lower[i]) i++;
    return i == n;
}

static bool find_name(const char *p, size_t n, struct b24_tag *tag) {
    for (size_t i = 0; i < NAMES; i++) {
        if (strlen(names[i].name) != n || !same(p, names[i].name, n)) continue;
        tag->name = (unsigned char)i;
        tag->kind = (unsigned char)names[i].kind;
        tag->alone = names[i].kind >= B24_TAG_ITEM;
        return true;
    }
    return false;
}

/* The value of a tag, without blanks and quotation marks around it. */
static struct b24_view value_of(const char *p, const char *end) {
    while (p < end && *p == ' ') p++;
    while (end > p && end[-1] == ' ') end--;
    if (end - p >= 2 && (*p == '"' || *p == '\'') && end[-1] == *p) {
        p++;
        end--;
    }
    return (struct b24_view){p, (size_t)(end - p)};
}

/* The tag that begins with the bracket at raw.p[at]. A value may have pairs of brackets itself, as
   addresses do. */
static bool read_tag(struct b24_view raw, size_t at, struct b24_tag *tag) {
    const char *p = raw.p + at + 1, *end = raw.p + raw.n;
    int depth = 0;
    *tag = (struct b24_tag){.at = at};
    if (p < end && *p == '/') {
        tag->closes = true;
        p++;
    }
    const char *name = p;
    while (p < end && p - name <= LONGEST_NAME && *p != '=' && *p != ' ' && *p != ']') p++;
    if (p == end || !find_name(name, (size_t)(p - name), tag)) return false;
    if (p == end || (tag->closes && *p != ']')) return false;
    const char *value = p + (*p != ']');
    if (end - value > VALUE_MAX) end = value + VALUE_MAX;
    for (; p < end && *p != '\n' && (*p != ']' || depth > 0); p++) {
        if (*p == '[') depth++;
        if (*p == ']') depth--;
    }
    if (p == end || *p != ']') return false;
    if (p > value) tag->value = value_of(value, p);
    tag->end = (size_t)(p - raw.p) + 1;
    return true;
}

/* The [/CODE] behind `at`; raw.n: there is none. */
static size_t find_code_end(struct b24_view raw, size_t at) {
    static const char close[] = "[/code]";
    for (; raw.n - at >= sizeof close - 1; at++)
        if (same(raw.p + at, close, sizeof close - 1)) return at;
    return raw.n;
}

/* Pairs tag number n with the last one of its name that is still open. open[name]: index + 1; the
   one that was open before is kept in its `partner`, until it has one. */
static void pair(struct b24_tag *list, uint32_t n, uint32_t *open) {
    struct b24_tag *tag = &list[n];
    if (tag->alone) return;
    uint32_t *last = &open[tag->name];
    if (!tag->closes) {
        tag->partner = *last;
        *last = n + 1;
    } else if (*last > 0) {
        struct b24_tag *opened = &list[*last - 1];
        tag->partner = *last;
        *last = opened->partner;
        opened->partner = n + 1;
    }
}

/* Tags without a partner are text. */
static void drop_single(struct b24_tags *tags, uint32_t *open) {
    for (size_t i = 0; i < NAMES; i++)
        for (uint32_t n = open[i]; n > 0;) {
            uint32_t before = tags->list[n - 1].partner;
            tags->list[n - 1].partner = 0;
            n = before;
        }
}

/* Adds the tags of `raw` to a list that has room for all. */
static void collect(struct b24_tags *tags, struct b24_view raw, uint32_t *open) {
    bool code_ends = true; /* there may be a [/CODE] ahead */
    size_t text = 0;       /* what is before it is code */
    for (size_t at = 0; at < raw.n; at++) {
        struct b24_tag *tag = &tags->list[tags->n];
        if (raw.p[at] != '[' || !read_tag(raw, at, tag)) continue;
        if (tag->kind == B24_TAG_CODE && !tag->closes) {
            size_t end = code_ends ? find_code_end(raw, tag->end) : raw.n;
            code_ends = end < raw.n;
            if (!code_ends) continue;
            text = end;
        }
        if (tag->alone && tag->closes) continue;
        pair(tags->list, (uint32_t)tags->n++, open);
        at = (text > tag->end ? text : tag->end) - 1;
    }
}

bool b24_tags_find(struct b24_tags *tags, struct b24_view raw) {
    uint32_t open[NAMES] = {0};
    size_t brackets = 0;
    for (size_t i = 0; i < raw.n; i++) brackets += raw.p[i] == '[';
    *tags = (struct b24_tags){.list = calloc(brackets + 1, sizeof *tags->list)};
    if (tags->list == NULL) return false;
    collect(tags, raw, open);
    drop_single(tags, open);
    return true;
}

void b24_tags_free(struct b24_tags *tags) {
    free(tags->list);
    *tags = (struct b24_tags){0};
}
