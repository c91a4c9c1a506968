#include "base/mask_word.h"

#include <string.h>

#include "base/ascii.h"

#define STARS 3
#define ENCODED_MAX                                                                                \
    3 /* times that somebody may have encoded what he repeats; nobody was seen doing it thrice */
#define ESCAPE_MAX 8 /* bytes of the longest escape, "%252525XX" aside */

void b24_mask_stars(char *from, size_t n) {
    memset(from, '*', n < STARS ? n : STARS);
    if (n > STARS) memmove(from + STARS, from + n, strlen(from + n) + 1);
}

char b24_mask_next(struct b24_mask *s) {
    if (s->encoded && s->end - s->p >= 3 && *s->p == '%' && b24_hex(s->p[1]) >= 0 &&
        b24_hex(s->p[2]) >= 0) {
        s->p += 3;
        return (char)(b24_hex(s->p[-2]) * 16 + b24_hex(s->p[-1]));
    }
    return *s->p++;
}

/* ------------------------------------------------------------ one character, in any dress */

/* %40, %2540, %252540 */
static size_t percent(const char *text, char c) {
    const char *p = text + 1;
    while (p[0] == '2' && p[1] == '5') p += 2;
    if (b24_hex(p[0]) < 0 || b24_hex(p[1]) < 0) return 0;
    return b24_hex(p[0]) * 16 + b24_hex(p[1]) == (unsigned char)c ? (size_t)(p + 2 - text) : 0;
}

/* %25, %2525: a percent sign that was encoded so many times. */
static size_t percent_sign(const char *text, int times) {
    const char *p = text;
    if (*p++ != '%') return 0;
    for (; times > 0; times--, p += 2)
        if (p[0] != '2' || p[1] != '5') return 0;
    return (size_t)(p - text);
}

/* \/ and \\\/, \u002f */
static size_t backslash(const char *text, char c) {
    const char *p = text;
    while (*p == '\\') p++;
    if (*p == c) return (size_t)(p + 1 - text);
    if (*p != 'u' || strncmp(p + 1, "00", 2) != 0 || b24_hex(p[3]) < 0 || b24_hex(p[4]) < 0)
        return 0;
    return b24_hex(p[3]) * 16 + b24_hex(p[4]) == (unsigned char)c ? (size_t)(p + 5 - text) : 0;
}

/* &amp; &#38; &#x26; */
static size_t entity(const char *text, char c) {
    static const struct {
        char c;
        const char *name;
    } names[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (c == names[i].c && b24_starts(text, names[i].name)) return strlen(names[i].name);
    if (text[1] != '#') return 0;
    int base = b24_lower(text[2]) == 'x' ? 16 : 10, code = 0;
    const char *p = text + (base == 16 ? 3 : 2);
    for (; b24_hex(*p) >= 0 && b24_hex(*p) < base && code < 256; p++)
        code = code * base + b24_hex(*p);
    return *p == ';' && code == (unsigned char)c ? (size_t)(p + 1 - text) : 0;
}

/* The beginnings of all that escape() reads. */
static bool begins_escape(char c) { return c == '%' || c == '\\' || c == '&' || c == '+'; }

static size_t escape(const char *text, char c) {
    switch (*text) {
    case '%': return percent(text, c);
    case '\\': return backslash(text, c);
    case '&': return entity(text, c);
    case '+': return c == ' ';
    default: return 0;
    }
}

size_t b24_mask_stands_for(const char *text, char c, int times) {
    if (c == '%' && *text == '%') return percent_sign(text, times);
    if (times == 0 && *text == c) return 1;
    size_t n = escape(text, c);
    return n > 0 ? n : *text == c;
}

/* ------------------------------------------------------------ the whole secret */

bool b24_mask_cut(const char *p) {
    if (p[strspn(p, ".?")] == '\0')
        return true; /* "..." of who shortened it, '?' for half a character */
    return strchr("%\\&", *p) != NULL && strcspn(p, " ") == strlen(p) && strlen(p) < ESCAPE_MAX;
}

static size_t match(const char *text, struct b24_mask secret, int times) {
    const char *p = text;
    for (size_t taken = 0; secret.p < secret.end; taken++) {
        size_t n = b24_mask_stands_for(p, b24_mask_next(&secret), times);
        if (n == 0) return taken >= B24_MASK_SHORT && b24_mask_cut(p) ? strlen(text) : 0;
        p += n;
    }
    return (size_t)(p - text);
}

size_t b24_mask_match(const char *text, struct b24_mask secret) {
    size_t n = 0;
    for (int times = 0; n == 0 && times <= ENCODED_MAX; times++) n = match(text, secret, times);
    return n;
}

/* Digits alone are ports and numbers of lines. */
static bool stands_alone(const char *text, const char *p, size_t n) {
    bool named =
        p - text >= 6 && (memcmp(p - 6, "host: ", 6) == 0 || memcmp(p - 6, "roxy: ", 6) == 0);
    bool before = p == text || named || strchr(":'\"@=", p[-1]) != NULL ||
                  (p - text >= 2 && memcmp(p - 2, "//", 2) == 0);
    bool number = strspn(p, "0123456789") >= n;
    return before && !number && strchr(" '\"@:/,;)", p[n]) != NULL; /* the text's end, too */
}

static bool fits(const char *text, const char *p, size_t n, enum b24_mask_place place) {
    if (place == B24_MASK_ANYWHERE) return true;
    if (place == B24_MASK_ALONE) return stands_alone(text, p, n);
    return (p == text || !b24_is_word_byte(p[-1])) && !b24_is_word_byte(p[n]);
}

void b24_mask_all(char *text, struct b24_mask secret, enum b24_mask_place place) {
    if (secret.p == secret.end) return;
    struct b24_mask copy = secret;
    char first = b24_mask_next(&copy);
    for (char *p = text; *p != '\0'; p++) {
        if (*p != first && !begins_escape(*p)) continue; /* most bytes: no closer look */
        size_t n = b24_mask_match(p, secret);
        if (n == 0 || !fits(text, p, n, place)) continue;
        b24_mask_stars(p, n);
        p += (n < STARS ? n : STARS) - 1;
    }
}

void b24_mask_word(char *text, const char *secret) {
    if (secret == NULL || strlen(secret) < B24_MASK_SHORT) return;
    b24_mask_all(text, (struct b24_mask){secret, secret + strlen(secret), false},
                 B24_MASK_ANYWHERE);
}
