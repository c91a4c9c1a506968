#include "base/entity.h"

#include <string.h>

#include "base/ascii.h"

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

void b24_decode_entities(char *text) {
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
