#include "im/sendable.h"

#include <string.h>

#include "base/neutral.h"
#include "base/text.h"

/* ------------------------------------------------------------ cleaning */

#define ESC 0x1B
#define BEL 0x07
#define BOM 0xFEFF /* byte order mark; where files were joined it begins a line */

struct cleaning {
    struct b24_buffer *out;
    size_t line;     /* where the current line of `out` begins */
    bool overwrites; /* the next character begins the line anew */
};

static bool between(const char *p, const char *end, unsigned char low, unsigned char high) {
    return p < end && (unsigned char)*p >= low && (unsigned char)*p <= high;
}

/* Behind the introducer of a control sequence. One that goes back to the first column, or clears
   the line, is what a carriage return is. */
static const char *skip_csi(const char *p, const char *end, struct cleaning *c) {
    const char *parameters = p;
    while (between(p, end, 0x30, 0x3F)) p++;
    size_t n = (size_t)(p - parameters);
    while (between(p, end, 0x20, 0x2F)) p++;
    if (!between(p, end, 0x40, 0x7E)) return p; /* broken: what follows is text */
    if (*p == 'G' && (n == 0 || (n == 1 && *parameters <= '1'))) c->overwrites = true;
    if (*p == 'K' && n == 1 && *parameters == '2') c->overwrites = true;
    return p + 1;
}

/* Behind the introducer of a string for the terminal, such as a title. One without an end must not
   take the rest of the text with it: a line end ends it. */
static const char *skip_string(const char *p, const char *end) {
    for (; p < end && *p != '\n'; p++) {
        if (*p == BEL) return p + 1;
        if (*p == ESC) return p + 1 < end && p[1] == '\\' ? p + 2 : p;
        if (end - p >= 2 && memcmp(p, "\xC2\x9C", 2) == 0) return p + 2; /* U+009C */
    }
    return p;
}

/* p: behind the escape character. */
static const char *skip_escape(const char *p, const char *end, struct cleaning *c) {
    if (p == end) return p;
    if (*p == '[') return skip_csi(p + 1, end, c);
    if (*p == ']' || *p == 'P' || *p == 'X' || *p == '^' || *p == '_')
        return skip_string(p + 1, end);
    while (between(p, end, 0x20, 0x2F)) p++;
    return between(p, end, 0x30, 0x7E) ? p + 1 : p;
}

static bool put(struct cleaning *c, const char *p, size_t n) {
    if (c->overwrites) b24_buffer_cut(c->out, c->line);
    c->overwrites = false;
    return b24_buffer_add(c->out, p, n);
}

static bool end_line(struct cleaning *c) {
    c->overwrites = false; /* "\r\n": the line stays */
    bool good = b24_buffer_add(c->out, "\n", 1);
    c->line = c->out->n;
    return good;
}

/* As line printers did bold: the character in front is printed over. */
static void step_back(struct cleaning *c) {
    size_t n = c->out->n;
    if (n == c->line) return;
    do n--;
    while (n > c->line && ((unsigned char)c->out->p[n] & 0xC0) == 0x80);
    b24_buffer_cut(c->out, n);
}

/* A control character of `n` bytes at p; what follows it. */
static const char *control(struct cleaning *c, const char *p, size_t n, uint32_t code,
                           const char *end) {
    p += n;
    switch (code) {
    case ESC: return skip_escape(p, end, c);
    case 0x9B: return skip_csi(p, end, c);
    case 0x90:
    case 0x98:
    case 0x9D:
    case 0x9E:
    case 0x9F: return skip_string(p, end);
    case '\b': step_back(c); break;
    case '\r': c->overwrites = true; break;
    case '\v':
    case '\f':
    case 0x85: end_line(c); break;
    default: break;
    }
    return p;
}

bool b24_sendable_clean(struct b24_buffer *out, struct b24_view text) {
    struct cleaning c = {.out = out, .line = out->n};
    const char *p = text.p, *end = text.p + text.n;
    while (p < end && out->state == B24_BUFFER_OK) {
        size_t n = b24_utf8_length(p, end);
        uint32_t code = n > 0 ? b24_utf8_code(p, n) : 0xFFFD;
        if (code == '\n') {
            end_line(&c);
            p++;
        } else if (code == BOM && out->n == c.line) {
            p += n;
        } else if (code != '\t' && (code < 0x20 || (code >= 0x7F && code <= 0x9F))) {
            p = control(&c, p, n, code, end);
        } else {
            if (n > 0) put(&c, p, n);
            else put(&c, B24_REPLACEMENT, sizeof B24_REPLACEMENT - 1);
            p += n > 0 ? n : 1;
        }
    }
    return out->state == B24_BUFFER_OK;
}

/* ------------------------------------------------------------ no markup */

#define JOINER "\xE2\x81\xA0" /* U+2060 WORD JOINER: no width, no line break, nobody sees it */
#define RULE   54             /* so many dashes make a line of a quotation's frame */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Does markup begin at s[i], which an invisible character behind s[i] takes apart? The portal knows
   no escape: "[B]" in any dress is turned back into "[B]" before it is shown. Its markup: [TAG],
   [/TAG], [*]; "#BR#" for a line end; ">>" in front of a quoted line; two rules of 54 dashes around
   a quotation. */
static bool begins_markup(struct b24_view text, size_t i, size_t dashes) {
    const char *s = text.p;
    char next = '\0';
    if (i + 1 < text.n) next = s[i + 1];
    if (s[i] == '[') return is_letter(next) || next == '/' || next == '*';
    if (s[i] == '#') return text.n - i >= 4 && memcmp(s + i, "#BR#", 4) == 0;
    if (s[i] == '>') return next == '>' && (i == 0 || s[i - 1] == '\n' || s[i - 1] == '\r');
    return s[i] == '-' && dashes == RULE - 1 && next == '-';
}

bool b24_sendable_plain(struct b24_buffer *out, struct b24_view text) {
    size_t dashes = 0, kept = 0;
    for (size_t i = 0; i < text.n; i++) {
        dashes = text.p[i] == '-' ? dashes + 1 : 0;
        if (!begins_markup(text, i, dashes)) continue;
        b24_buffer_add(out, text.p + kept, i + 1 - kept);
        b24_buffer_puts(out, JOINER);
        kept = i + 1;
        dashes = 0;
    }
    return b24_buffer_add(out, text.p + kept, text.n - kept);
}

/* ------------------------------------------------------------ parts */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

bool b24_sendable_empty(struct b24_view text) {
    size_t i = 0;
    while (i < text.n && is_blank(text.p[i])) i++;
    return i == text.n;
}

/* The bytes of the first `units` UTF-16 units, whole characters. */
static size_t prefix(struct b24_view text, size_t units) {
    const char *p = text.p, *end = text.p + text.n;
    while (p < end) {
        size_t n = b24_utf8_length(p, end), k = n == 4 ? 2 : 1;
        if (k > units) break;
        units -= k;
        p += n > 0 ? n : 1;
    }
    return (size_t)(p - text.p);
}

bool b24_sendable_fits(struct b24_view text) { return prefix(text, B24_MESSAGE_UNITS) == text.n; }

/* Behind the last `c` within the first n bytes; 0: there is none. */
static size_t behind_last(struct b24_view text, size_t n, char c) {
    while (n > 0 && text.p[n - 1] != c) n--;
    return n;
}

static struct b24_view cut(struct b24_view *text, size_t n) {
    struct b24_view part = {text->p, n};
    text->p += n;
    text->n -= n;
    while (part.n > 0 && is_blank(part.p[part.n - 1])) part.n--; /* the portal drops them too */
    return part;
}

struct b24_view b24_sendable_part(struct b24_view *text) {
    struct b24_view nothing = {NULL, 0};
    while (text->n > 0) {
        size_t room = prefix(*text, B24_MESSAGE_UNITS - B24_PART_HEAD), n = room;
        if (room < text->n && text->p[room] != '\n') {
            n = behind_last(*text, room, '\n');
            if (n == 0) n = behind_last(*text, room, ' ');
            if (n == 0) n = room;
        }
        struct b24_view part = cut(text, n);
        while (text->n > 0 && *text->p == '\n') { /* blanks in front of the next line stay */
            text->p++;
            text->n--;
        }
        if (part.n > 0) return part;
    }
    return nothing;
}

size_t b24_sendable_origin(struct b24_view text, struct b24_view plain, size_t at) {
    const size_t joiner = sizeof JOINER - 1;
    size_t i = 0, k = 0;
    while (k < at && i < text.n) {
        bool joined = plain.n - k >= joiner && memcmp(plain.p + k, JOINER, joiner) == 0;
        bool typed = text.n - i >= joiner && memcmp(text.p + i, JOINER, joiner) == 0;
        if (joined && !typed) k += joiner;
        else k++, i++;
    }
    return i;
}
