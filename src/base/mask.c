/* Secrets that are known by their surroundings. */
#include "base/mask.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mask_word.h"

/* What stands after a slash at p, which may be escaped as \/ (JSON), %2F or %252F. NULL: there is
 * none. */
static char *slash(char *p) {
    while (*p == '\\') p++;
    if (*p == '/') return p + 1;
    if (*p != '%') return NULL;
    for (p++; p[0] == '2' && p[1] == '5';) p += 2;
    return b24_starts(p, "2f") ? p + 2 : NULL;
}

/* Does a slash stand before p? */
static bool after_slash(const char *text, const char *p) {
    return p > text && (p[-1] == '/' || (p - text >= 3 && b24_starts(p - 2, "2f")));
}

static void mask_paths(char *text) {
    static const char ends[] = "/\\%?#&\"'<> \t\r\n,;)";
    for (char *at = strstr(text, "rest"); at != NULL; at = strstr(at + 4, "rest")) {
        char *user = after_slash(text, at) ? slash(at + 4) : NULL;
        if (user != NULL && strncmp(user, "api", 3) == 0 && slash(user + 3) != NULL)
            user = slash(user + 3); /* REST 3: /rest/api/USER/SECRET */
        char *secret = user != NULL ? slash(user + strcspn(user, ends)) : NULL;
        if (secret != NULL) b24_mask_stars(secret, strcspn(secret, ends));
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
            b24_mask_stars(from, n);
            at = strchr(from, '@');
        }
        at++;
    }
}

/* The value after a key: key=value, "key":"value", key: value. NULL: no value follows. */
static char *value_of(char *p) {
    if (*p == '\\') p++;
    if (*p == '"' || *p == '\'') p++;
    while (*p == ' ') p++;
    if (*p != '=' && *p != ':') return NULL;
    p++;
    while (*p == ' ' || *p == '\\' || *p == '"' || *p == '\'') p++;
    if (b24_starts(p, "Bearer ")) p += 7;
    if (b24_starts(p, "Basic ")) p += 6;
    return p;
}

static void mask_keys(char *text) {
    /* The keys under which Bitrix24 requests and answers carry secrets. */
    static const char *const keys[] = {
        "auth",     "access_token", "refresh_token",     "client_secret",
        "token",    "secret",       "application_token", "sessid",
        "password", "key",          "authorization",     "signature",
        "auth_id",  "refresh_id",   "channel_id",        "jwt"};
    for (char *p = text; *p != '\0'; p++) {
        if (p > text && b24_is_word_byte(p[-1])) continue;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            size_t n = strlen(keys[i]);
            if (!b24_starts(p, keys[i]) || b24_is_word_byte(p[n])) continue;
            char *value = value_of(p + n);
            if (value != NULL) b24_mask_stars(value, strcspn(value, "&\"'\\ \t\r\n,;<>})"));
            break;
        }
    }
}

void b24_mask_text(char *text) {
    mask_userinfo(text);
    mask_paths(text);
    mask_keys(text);
}
