#include "base/paste.h"

#include <string.h>

#include "base/text.h"

struct mark {
    const char *bytes; /* UTF-8 */
    bool quote;
};

static const struct mark marks[] = {
    {"\xEF\xBB\xBF", false}, /* U+FEFF byte order mark */
    {"\xC2\xA0", false},     /* U+00A0 no-break space */
    {"\xC2\x85", false},     /* U+0085 next line */
    {"\xC2\xAD", false},     /* U+00AD soft hyphen */
    {"\xE2\x81\x9F", false}, /* U+205F mathematical space */
    {"\xE2\x81\xA0", false}, /* U+2060 word joiner */
    {"\xE3\x80\x80", false}, /* U+3000 ideographic space */
    {"\xC2\xAB", true},      /* « */
    {"\xC2\xBB", true},      /* » */
    {"\xE2\x80\xB9", true},  /* ‹ */
    {"\xE2\x80\xBA", true},  /* › */
};

/* U+2000 to U+200F spaces and marks, U+2018 to U+201F quotation marks, U+2028 to U+202F lines,
   directions and a space, U+2066 to U+206F isolates. */
static bool general(const unsigned char *p, bool quotes) {
    if (p[0] != 0xE2) return false;
    if (p[1] == 0x80 && p[2] >= 0x98 && p[2] <= 0x9F) return quotes;
    if (p[1] == 0x80) return p[2] <= 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAF);
    return p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xAF;
}

/* Does the character of n bytes at p go? */
static bool goes(const char *p, size_t n, bool quotes) {
    if (n == 1) return *p != '\0' && strchr(quotes ? " \t\r\n\v\f\"'`<>" : " \t\r\n\v\f", *p);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (n == strlen(marks[i].bytes) && memcmp(p, marks[i].bytes, n) == 0)
            return quotes || !marks[i].quote;
    return n == 3 && general((const unsigned char *)p, quotes);
}

/* Bytes of the character that ends before `end`; 1 where that is no UTF-8. */
static size_t last_length(struct b24_view t) {
    const char *end = t.p + t.n;
    for (size_t n = 2; n <= 4 && n <= t.n; n++)
        if (b24_utf8_length(end - n, end) == n) return n;
    return 1;
}

static struct b24_view trim(struct b24_view t, bool quotes) {
    while (t.n > 0) {
        size_t n = b24_utf8_length(t.p, t.p + t.n);
        if (n == 0 || !goes(t.p, n, quotes)) break;
        t.p += n;
        t.n -= n;
    }
    while (t.n > 0) {
        size_t n = last_length(t);
        if (!goes(t.p + t.n - n, n, quotes)) break;
        t.n -= n;
    }
    return t;
}

struct b24_view b24_trim_blanks(struct b24_view text) {
    return trim(text, false);
}

struct b24_view b24_trim(struct b24_view text) {
    return trim(text, true);
}

struct b24_view b24_first_line(struct b24_view text) {
    text = b24_trim_blanks(text);
    const char *end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
    if (end != NULL) text.n = (size_t)(end - text.p);
    return b24_trim_blanks(text);
}
