/* base/ascii.h: letters without a locale. Under a Turkish one strcasecmp takes "ID" and "id" for
 * different words. */
#ifndef B24_BASE_ASCII_H
#define B24_BASE_ASCII_H

#include "base/common.h"

static inline char b24_lower(char c) {
    if (c >= 'A' && c <= 'Z') return (char)(c + ('a' - 'A'));
    return c;
}

static inline bool b24_is_digit(char c) { return c >= '0' && c <= '9'; }

/* A letter, a digit or an underscore. */
static inline bool b24_is_word_byte(char c) {
    char l = b24_lower(c);
    return (l >= 'a' && l <= 'z') || b24_is_digit(c) || c == '_';
}

/* 0 to 15; -1: no hex digit. */
static inline int b24_hex(char c) {
    char l = b24_lower(c);
    if (b24_is_digit(c)) return c - '0';
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Does `text` begin with `prefix`, in any letter case? */
static inline bool b24_starts(const char *text, const char *prefix) {
    while (*prefix != '\0' && b24_lower(*text) == b24_lower(*prefix)) text++, prefix++;
    return *prefix == '\0';
}

/* Are both the same, in any letter case? */
static inline bool b24_same(const char *a, const char *b) {
    while (*a != '\0' && b24_lower(*a) == b24_lower(*b)) a++, b++;
    return *a == *b;
}

#endif
