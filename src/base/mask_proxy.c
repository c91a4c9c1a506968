/* What a proxy's URL keeps secret, masked by value. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mask_word.h"

/* USER:PASSWORD, to the last '@': a password may hold any character that nobody has encoded. All of
   the rest where something else than a port stands after the host's colon: a password with an '@',
   and no host. */
static struct b24_view userinfo(const char *url) {
    const char *scheme = strstr(url, "://"), *from = scheme != NULL ? scheme + 3 : url;
    const char *at = strrchr(url, '@');
    if (at != NULL && at < from) from = url; /* the "://" is a part of the host or path */
    const char *host = at != NULL ? at + 1 : from, *colon = *host != '[' ? strchr(host, ':') : NULL;
    if (colon != NULL && colon[1] != '\0' && !b24_is_digit(colon[1])) return b24_view_of(from);
    return (struct b24_view){from, at != NULL ? (size_t)(at - from) : 0};
}

/* As it is written, and decoded: libcurl prints both. */
static void mask_both(char *text, const char *from, const char *to, enum b24_mask_place place) {
    b24_mask_all(text, (struct b24_mask){from, to, false}, place);
    if (memchr(from, '%', (size_t)(to - from)) != NULL)
        b24_mask_all(text, (struct b24_mask){from, to, true}, place);
}

static void mask_piece(char *text, const char *from, const char *to, enum b24_mask_place place) {
    if (from < to) mask_both(text, from, to, to - from < B24_MASK_SHORT ? B24_MASK_ALONE : place);
}

static void mask_pieces(char *text, struct b24_view user) {
    const char *end = user.p + user.n;
    for (const char *p = user.p; p < end;) {
        const char *to = p;
        while (to < end && strchr(":/?#@\\ ", *to) == NULL) to++;
        mask_piece(text, p, to, B24_MASK_WHOLE);
        p = to + 1;
    }
}

/* Bytes at `text` that are the base64 of the secret: whole groups of three bytes are compared, and
   the last characters taken as they are. 0: it is not there. */
static size_t base64_match(const char *text, struct b24_mask secret) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = text;
    for (;;) {
        unsigned bits = 0;
        int n = 0;
        for (; n < 3 && secret.p < secret.end; n++)
            bits = bits << 8 | (unsigned char)b24_mask_next(&secret);
        if (n < 3) break;
        for (int shift = 18; shift >= 0; shift -= 6) {
            size_t k = b24_mask_stands_for(p, digits[bits >> shift & 63], 0);
            if (k == 0) return b24_mask_cut(p) && p - text >= B24_MASK_SHORT ? strlen(text) : 0;
            p += k;
        }
    }
    if (p == text) return 0;
    while (b24_is_word_byte(*p) || (*p != '\0' && strchr("+/=", *p) != NULL)) p++;
    return (size_t)(p - text);
}

static void mask_base64(char *text, struct b24_mask secret) {
    for (char *p = text; *p != '\0'; p++) {
        size_t n = base64_match(p, secret);
        if (n > 0) b24_mask_stars(p, n);
    }
}

void b24_mask_proxy(char *text, const char *url) {
    if (url == NULL) return;
    struct b24_view user = userinfo(url);
    const char *end = user.p + user.n, *colon = user.n > 0 ? memchr(user.p, ':', user.n) : NULL;
    if (user.n == 0) return;
    mask_base64(text, (struct b24_mask){user.p, end, true});
    if (*end == '@')
        mask_piece(text, user.p, end + 1, B24_MASK_ANYWHERE); /* also where both are short */
    mask_piece(text, user.p, end, B24_MASK_ANYWHERE);
    if (colon != NULL) {
        mask_piece(text, colon + 1, end, B24_MASK_ANYWHERE);
        mask_piece(text, user.p, colon, B24_MASK_WHOLE);
    }
    mask_pieces(text, user);
}

void b24_mask_environment(char *text) {
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                        "HTTP_PROXY",  "all_proxy",   "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        b24_mask_proxy(text, getenv(names[i]));
}

void b24_mask_path(char *text, const char *path) {
    const char *scheme = path != NULL ? strstr(path, "://") : NULL;
    const char *at = scheme != NULL ? strrchr(scheme + 3, '@') : NULL;
    if (at != NULL && memchr(scheme + 3, ':', (size_t)(at - scheme - 3)) != NULL)
        b24_mask_proxy(text, path);
}
