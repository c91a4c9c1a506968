#include "rest/error_text.h"

#include <string.h>

#include "base/ascii.h"

/* ------------------------------------------------------------ tags */

/* The last byte of a comment, script or style that begins at p; NULL: none does. */
static const char *whole(const char *p) {
    static const struct {
        const char *begin, *end;
    } blocks[] = {{"<!--", "-->"}, {"<script", "</script>"}, {"<style", "</style>"}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (!b24_starts(p, blocks[i].begin)) continue;
        for (p += strlen(blocks[i].begin); *p != '\0'; p++)
            if (b24_starts(p, blocks[i].end)) return p + strlen(blocks[i].end) - 1;
        return p - 1; /* cut off: all the rest */
    }
    return NULL;
}

/* The last byte of the tag at p; NULL: none is there. */
static const char *tag_end(const char *p) {
    if (*p != '<') return NULL;
    const char *end = whole(p);
    if (end != NULL) return end;
    end = strchr(p, '>');
    bool tag = p[1] == '/' || p[1] == '!' || (p[1] >= 'A' && p[1] <= 'z');
    return tag ? end : NULL;
}

static void strip_tags(char *text) {
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        const char *end = tag_end(p);
        *to++ = end != NULL ? ' ' : *p;
        if (end != NULL) p = end;
    }
    *to = '\0';
}

/* ------------------------------------------------------------ entities */

/* "&#8212;" has 7 bytes for 3, "&lt;" 4 for 1: decoded text is never longer. */
static size_t utf8(long code, char out[4]) {
    if (code < 0xA0 && (code < 0x20 || code >= 0x7F)) code = ' ';
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = '?';
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[n] | (unsigned)code);
    return n;
}

/* Digits behind "&#"; -1: no number. */
static long number(const char **p) {
    int base = b24_lower(**p) == 'x' ? 16 : 10;
    long code = 0;
    if (base == 16) (*p)++;
    const char *first = *p;
    for (; b24_hex(**p) >= 0 && b24_hex(**p) < base; (*p)++)
        if (code <= 0x10FFFF) code = code * base + b24_hex(**p);
    return *p > first ? code : -1;
}

/* The character of the entity at p, which moves behind it; -1: none is there. */
static long entity(const char **p) {
    static const struct {
        const char *name;
        long code;
    } names[] = {{"amp;", '&'},       {"lt;", '<'},       {"gt;", '>'},       {"quot;", '"'},
                 {"apos;", '\''},     {"nbsp;", ' '},     {"laquo;", 0xAB},   {"raquo;", 0xBB},
                 {"copy;", 0xA9},     {"ndash;", 0x2013}, {"mdash;", 0x2014}, {"lsquo;", 0x2018},
                 {"rsquo;", 0x2019},  {"ldquo;", 0x201C}, {"rdquo;", 0x201D}, {"bdquo;", 0x201E},
                 {"hellip;", 0x2026}, {"middot;", 0xB7},  {"bull;", 0x2022},  {"shy;", ' '}};
    const char *q = *p + 1;
    if (*q == '#') {
        q++;
        long code = number(&q);
        if (code < 0 || *q != ';') return -1;
        *p = q + 1;
        return code;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(q, names[i].name, strlen(names[i].name)) == 0) {
            *p = q + strlen(names[i].name);
            return names[i].code;
        }
    return -1;
}

static void decode_entities(char *text) {
    char *to = text;
    for (const char *p = text; *p != '\0';) {
        char bytes[4];
        long code = *p == '&' ? entity(&p) : -1;
        if (code < 0) {
            *to++ = *p++;
            continue;
        }
        size_t n = utf8(code, bytes);
        memcpy(to, bytes, n);
        to += n;
    }
    *to = '\0';
}

/* ------------------------------------------------------------ one line */

static void squeeze(char *text) {
    char *to = text;
    bool gap = false;
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            gap = to > text;
            continue;
        }
        if (gap) *to++ = ' ';
        gap = false;
        *to++ = *p;
    }
    *to = '\0';
}

void b24_flatten(char *text) {
    strip_tags(text);
    decode_entities(text);
    squeeze(text);
}

void b24_shorten(char *text, size_t max) {
    if (strlen(text) <= max) return;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80) max--;
    memcpy(text + max, "...", 4);
}
