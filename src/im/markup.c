#include "im/markup.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "im/tags.h"

#define RULE     54             /* dashes of the line above and below a quotation */
#define JOINER   "\xE2\x81\xA0" /* U+2060: takes apart what only looks like markup */
#define JOINER_N (sizeof JOINER - 1)
#define EMOJI_N  10 /* ":f09f9880:", as portals keep it whose database has no room for it */
#define QUOTE    "> "
#define DEEPEST  5 /* marks in front of a line; more tell nothing, and would fill the memory */

/* ------------------------------------------------------------ line ends and emoji */

/* The length of a line end at p in any dress: "\r\n", "#BR#", "[br]", "[br/]", "[br /]"; 0: none.
 */
static size_t break_length(const char *p, const char *end) {
    size_t left = (size_t)(end - p);
    if (left >= 2 && memcmp(p, "\r\n", 2) == 0) return 2;
    if (left >= 4 && memcmp(p, "#BR#", 4) == 0) return 4;
    if (left < 4 || *p != '[' || b24_lower(p[1]) != 'b' || b24_lower(p[2]) != 'r') return 0;
    const char *q = p + 3;
    while (q < end && *q == ' ') q++;
    if (q < end && *q == '/') q++;
    return q < end && *q == ']' ? (size_t)(q - p) + 1 : 0;
}

/* The emoji that is coded at p. */
static bool read_emoji(const char *p, const char *end, char emoji[4]) {
    if (end - p < EMOJI_N || memcmp(p, ":f0", 3) != 0 || p[EMOJI_N - 1] != ':') return false;
    for (int i = 0; i < 4; i++) {
        int high = b24_hex(p[1 + 2 * i]), low = b24_hex(p[2 + 2 * i]);
        if (high < 0 || low < 0) return false;
        emoji[i] = (char)(high << 4 | low);
    }
    return b24_utf8_length(emoji, emoji + 4) == 4;
}

/* Appends `raw` with '\n' for each line end and emoji for their codes. */
static bool flatten(struct b24_buffer *flat, struct b24_view raw) {
    const char *p = raw.p, *end = raw.p + raw.n, *kept = p;
    char emoji[4];
    while (p < end) {
        size_t ends = break_length(p, end);
        bool coded = ends == 0 && read_emoji(p, end, emoji);
        if (ends == 0 && !coded) {
            p++;
            continue;
        }
        b24_buffer_add(flat, kept, (size_t)(p - kept));
        b24_buffer_add(flat, coded ? emoji : "\n", coded ? sizeof emoji : 1);
        kept = p += coded ? EMOJI_N : ends;
    }
    return b24_buffer_add(flat, kept, (size_t)(end - kept));
}

/* ------------------------------------------------------------ writing */

struct writer {
    struct b24_buffer *out;
    struct b24_view flat;
    size_t begin;    /* of ours in `out` */
    int quotes;      /* [QUOTE]s around the current place */
    bool framed;     /* between two rules */
    bool quoted;     /* this line begins with ">>" */
    bool no_rule;    /* there is no rule ahead */
    bool line_ahead; /* what comes next begins a line */
};

static bool at_line_start(const struct writer *w) {
    return w->out->n == w->begin || w->out->p[w->out->n - 1] == '\n';
}

static void put(struct writer *w, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (w->line_ahead && !at_line_start(w) && p[i] != '\n') b24_buffer_add(w->out, "\n", 1);
        w->line_ahead = false;
        if (at_line_start(w)) {
            int depth = w->quotes + w->framed + w->quoted;
            for (int mark = 0; mark < depth && mark < DEEPEST; mark++)
                b24_buffer_puts(w->out, QUOTE);
        }
        b24_buffer_add(w->out, p + i, 1);
        if (p[i] == '\n') w->quoted = false;
    }
}

static void puts_view(struct writer *w, struct b24_view text) { put(w, text.p, text.n); }

static void puts_text(struct writer *w, const char *s) { put(w, s, strlen(s)); }

/* What is behind the rule that begins at `at`; 0: there is none. */
static size_t behind_rule(struct b24_view flat, size_t at) {
    size_t i = at;
    while (i < flat.n && flat.p[i] == '-') i++;
    if (i - at < RULE) return 0;
    if (i < flat.n && flat.p[i] != '\n') return 0;
    return i < flat.n ? i + 1 : i;
}

static bool rule_ahead(struct writer *w, size_t at) {
    while (!w->no_rule) {
        const char *line = memchr(w->flat.p + at, '\n', w->flat.n - at);
        if (at > 0 && w->flat.p[at - 1] == '\n' && behind_rule(w->flat, at) > 0) return true;
        if (line == NULL) w->no_rule = true;
        else at = (size_t)(line - w->flat.p) + 1;
    }
    return false;
}

/* At the beginning of a line: what marks a quotation there is not written. Returns where the text
   goes on. */
static size_t begin_line(struct writer *w, size_t at) {
    size_t behind = behind_rule(w->flat, at);
    if (behind > 0 && (w->framed || rule_ahead(w, behind))) {
        w->framed = !w->framed;
        w->line_ahead = true;
        return behind;
    }
    if (w->flat.n - at >= 2 && memcmp(w->flat.p + at, ">>", 2) == 0) {
        w->quoted = true;
        at += at + 2 < w->flat.n && w->flat.p[at + 2] == ' ' ? 3 : 2;
    }
    return at;
}

/* Writes what is between two tags. */
static void write_text(struct writer *w, size_t from, size_t to, bool code) {
    const char *p = w->flat.p;
    for (size_t i = from; i < to;) {
        if (!code && (i == 0 || p[i - 1] == '\n')) {
            size_t text = begin_line(w, i);
            if (text != i) {
                i = text;
                continue; /* perhaps at the next line */
            }
        }
        if (to - i >= JOINER_N && memcmp(p + i, JOINER, JOINER_N) == 0) {
            i += JOINER_N;
            continue;
        }
        put(w, p + i++, 1);
    }
}

/* ------------------------------------------------------------ tags */

static struct b24_view first_word(struct b24_view value) {
    size_t n = 0;
    while (n < value.n && value.p[n] != ' ') n++;
    return (struct b24_view){value.p, n};
}

/* The title of [ICON=address size=20 title=Some words]. */
static struct b24_view icon_title(struct b24_view value) {
    static const char key[] = " title=";
    static const char *const others[] = {" size=", " width=", " height="};
    struct b24_view title = {NULL, 0};
    for (size_t i = 0; i + sizeof key - 1 <= value.n && title.p == NULL; i++)
        if (b24_starts(value.p + i, key)) {
            title.p = value.p + i + sizeof key - 1;
            title.n = value.n - i - (sizeof key - 1);
        }
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        for (size_t i = 0; i < title.n; i++)
            if (b24_starts(title.p + i, others[k])) title.n = i;
    while (title.n >= 2 && *title.p == '"' && title.p[title.n - 1] == '"') {
        title.p++;
        title.n -= 2;
    }
    return title;
}

/* A tag that stands alone. */
static void write_alone(struct writer *w, const struct b24_tag *tag) {
    if (tag->kind == B24_TAG_ITEM) {
        w->line_ahead = true;
        puts_text(w, "- ");
    } else if (tag->kind == B24_TAG_ICON) {
        struct b24_view title = icon_title(tag->value);
        puts_text(w, "(");
        if (title.n > 0) puts_view(w, title);
        else puts_text(w, "icon");
        puts_text(w, ")");
    } else if (tag->kind == B24_TAG_FILE) {
        puts_text(w, "[file]");
    }
}

/* The end of a pair whose value may say more than the text between. */
static void write_value(struct writer *w, const struct b24_tag *opened) {
    struct b24_view value = opened->value, text = {"", 0};
    if (w->out->p != NULL)
        text = (struct b24_view){w->out->p + opened->out, w->out->n - opened->out};
    bool empty = text.n == 0;
    if (opened->kind == B24_TAG_ABOUT) {
        if (!empty) return;
        value = first_word(value);
        if (value.n > 0 && (strcmp(b24_tag_name(opened), "user") == 0 ||
                            strcmp(b24_tag_name(opened), "chat") == 0)) {
            puts_text(w, b24_tag_name(opened));
            puts_text(w, " ");
        }
        puts_view(w, value);
    } else if (value.n > 0 &&
               (empty || text.n != value.n || memcmp(text.p, value.p, value.n) != 0)) {
        if (!empty) puts_text(w, " (");
        puts_view(w, value);
        if (!empty) puts_text(w, ")");
    }
}

/* Returns where the text behind the tag goes on. */
static size_t write_tag(struct writer *w, struct b24_tags *tags, struct b24_tag *tag) {
    size_t end = tag->end;
    tag->out = w->out->n;
    if (tag->alone) {
        write_alone(w, tag);
    } else if (tag->kind == B24_TAG_QUOTE) {
        w->quotes += tag->closes ? -1 : 1;
        w->line_ahead = true;
        if (end < w->flat.n && w->flat.p[end] == '\n') end++;
    } else if (tag->closes && (tag->kind == B24_TAG_LINK || tag->kind == B24_TAG_ABOUT)) {
        write_value(w, &tags->list[tag->partner - 1]);
    }
    return end;
}

static void write_all(struct writer *w, struct b24_tags *tags) {
    size_t at = 0;
    bool code = false;
    for (size_t i = 0; i < tags->n; i++) {
        struct b24_tag *tag = &tags->list[i];
        if (!tag->alone && tag->partner == 0) continue;
        write_text(w, at, tag->at, code);
        at = write_tag(w, tags, tag);
        if (tag->kind == B24_TAG_CODE) code = !tag->closes;
    }
    write_text(w, at, w->flat.n, code);
}

bool b24_markup_text(struct b24_buffer *out, struct b24_view raw) {
    struct b24_buffer flat;
    struct b24_tags tags = {0};
    struct writer w = {.out = out, .begin = out->n};
    b24_buffer_init(&flat, out->max);
    bool good = flatten(&flat, raw);
    w.flat = b24_buffer_view(&flat);
    good = good && b24_tags_find(&tags, w.flat);
    if (good) write_all(&w, &tags);
    b24_tags_free(&tags);
    b24_buffer_free(&flat);
    if (!good && out->state == B24_BUFFER_OK) out->state = B24_BUFFER_NO_MEMORY;
    return out->state == B24_BUFFER_OK;
}
