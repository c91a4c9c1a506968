#include "mask.h"

#include <string.h>
#include <strings.h>

#define STARS 3

static void stars(char *from, size_t n) {
    memset(from, '*', n < STARS ? n : STARS);
    if (n > STARS) memmove(from + STARS, from + n, strlen(from + n) + 1);
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes of `text` that stand for the character c: itself, escaped as \c, percent-encoded (also twice). 0: another one.
 */
static size_t stands_for(const char *text, char c) {
    const char *p = text;
    if (*p == c) return 1;
    if (*p == '\\') return p[1] == c ? 2 : 0;
    if (*p != '%') return 0;
    p++;
    while (p[0] == '2' && p[1] == '5') p += 2;
    if (hex(p[0]) < 0 || hex(p[1]) < 0 || hex(p[0]) * 16 + hex(p[1]) != (unsigned char)c) return 0;
    return (size_t)(p + 2 - text);
}

/* Length of `secret` in any dress at the start of `text`; 0: it is not there. */
static size_t dressed(const char *text, const char *secret) {
    size_t n = 0;
    for (const char *s = secret; *s != '\0'; s++) {
        size_t k = stands_for(text + n, *s);
        if (k == 0) return 0;
        n += k;
    }
    return n;
}

void b24_mask_word(char *text, const char *secret) {
    if (secret == NULL || strlen(secret) < 4) return; /* so short a "secret" would shred every sentence */
    for (char *p = text; *p != '\0'; p++) {
        size_t n = dressed(p, secret);
        if (n > 0) stars(p, n);
    }
}

/* p stands behind "/rest". Slashes may be escaped as \/ (JSON) or %2F. */
static char *slash(char *p) {
    if (*p == '\\') p++;
    if (*p == '/') return p + 1;
    return strncasecmp(p, "%2f", 3) == 0 ? p + 3 : NULL;
}

static void mask_paths(char *text) {
    static const char ends[] = "/\\%?#&\"'<> \t\r\n,;)";
    for (char *at = strstr(text, "/rest"); at != NULL; at = strstr(at + 5, "/rest")) {
        char *user = slash(at + 5);
        if (user != NULL && strncmp(user, "api/", 4) == 0) user += 4; /* REST 3: /rest/api/USER/SECRET */
        char *secret = user != NULL ? slash(user + strcspn(user, ends)) : NULL;
        if (secret != NULL) stars(secret, strcspn(secret, ends));
    }
}

/* USER:PASSWORD@host, with or without a scheme in front. */
static void mask_userinfo(char *text) {
    for (char *at = strchr(text, '@'); at != NULL; at = strchr(at, '@')) {
        char *from = at;
        while (from > text && strchr(" \t\r\n\"'<>(,;=@", from[-1]) == NULL) from--;
        char *scheme = strstr(from, "://");
        if (scheme != NULL && scheme < at) from = scheme + 3;
        bool password = memchr(from, ':', (size_t)(at - from)) != NULL;
        size_t n = (size_t)(at - from);
        if (password || (scheme != NULL && n > 0)) {
            stars(from, n);
            at = from + (n < STARS ? n : STARS);
        }
        at++;
    }
}

static bool word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The value behind a key: key=value, "key":"value", key: value. NULL: no value follows. */
static char *value_of(char *p) {
    if (*p == '\\') p++;
    if (*p == '"' || *p == '\'') p++;
    while (*p == ' ') p++;
    if (*p != '=' && *p != ':') return NULL;
    p++;
    while (*p == ' ' || *p == '\\' || *p == '"' || *p == '\'') p++;
    if (strncasecmp(p, "Bearer ", 7) == 0) p += 7;
    return p;
}

static void mask_keys(char *text) {
    /* The keys under which Bitrix24 requests and answers carry secrets. */
    static const char *const keys[] = {"auth",          "access_token",      "refresh_token", "client_secret", "token",
                                       "secret",        "application_token", "sessid",        "password",      "key",
                                       "authorization", "signature",         "auth_id",       "refresh_id"};
    for (char *p = text; *p != '\0'; p++) {
        if (p > text && word_byte(p[-1])) continue;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t n = strlen(keys[i]);
            if (strncasecmp(p, keys[i], n) != 0 || word_byte(p[n])) continue;
            char *value = value_of(p + n);
            if (value != NULL) stars(value, strcspn(value, "&\"'\\ \t\r\n,;<>})"));
            break;
        }
    }
}

void b24_mask_text(char *text) {
    mask_userinfo(text);
    mask_paths(text);
    mask_keys(text);
}
