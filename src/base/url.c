#include "base/url.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/punycode.h"

bool b24_same_text(struct b24_view a, const char *b) {
    if (a.n != strlen(b)) return false;
    for (size_t i = 0; i < a.n; i++)
        if (b24_lower(a.p[i]) != b24_lower(b[i])) return false;
    return true;
}

/* Cuts `text` at the first byte that is in `set`; the rest, that byte included, is returned. */
static struct b24_view cut(struct b24_view *text, const char *set) {
    size_t i = 0;
    while (i < text->n && strchr(set, text->p[i]) == NULL) i++;
    struct b24_view rest = {text->p + i, text->n - i};
    text->n = i;
    return rest;
}

static bool ascii(struct b24_view v) {
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] >= 0x80) return false;
    return true;
}

static bool host_ok(struct b24_view h) {
    if (h.n == 0 || h.n > B24_HOST_MAX) return false;
    for (size_t i = 0; i < h.n; i++) {
        char c = b24_lower(h.p[i]);
        if (!(b24_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_'))
            return false;
    }
    return h.p[0] != '.' && h.p[0] != '-';
}

#define ADDRESS6_MAX 47 /* brackets and 45 characters: ffff:...:255.255.255.255 */

static bool address6_ok(struct b24_view h) {
    for (size_t i = 1; i + 1 < h.n; i++)
        if (strchr("0123456789abcdefABCDEF:.", h.p[i]) == NULL) return false;
    return h.n > 3 && h.n <= ADDRESS6_MAX;
}

static const char *authority(struct b24_view a, struct b24_url *url) {
    if (memchr(a.p, '@', a.n) != NULL) return "it contains a user name or password";
    if (a.n > 0 && a.p[0] == '[') {
        const char *close = memchr(a.p, ']', a.n);
        if (close == NULL) return "its IPv6 address has no closing bracket";
        url->host = (struct b24_view){a.p, (size_t)(close + 1 - a.p)};
        if (!address6_ok(url->host)) return "its IPv6 address is malformed";
    } else {
        url->host = a;
        cut(&url->host, ":");
        if (!ascii(url->host)) return "its host is not ASCII; write it in punycode (xn--...)";
        if (!host_ok(url->host)) return "it has no usable host name";
    }
    struct b24_view rest = {a.p + url->host.n, a.n - url->host.n};
    if (rest.n == 0) return NULL;
    if (rest.p[0] != ':' || rest.n > 6) return "its port is malformed";
    url->port = (struct b24_view){rest.p + 1, rest.n - 1};
    long port = 0;
    for (size_t i = 0; i < url->port.n; i++) {
        if (!b24_is_digit(url->port.p[i])) return "its port is malformed";
        port = port * 10 + (url->port.p[i] - '0');
    }
    return url->port.n > 0 && (port < 1 || port > 65535) ? "its port is malformed" : NULL;
}

const char *b24_url_parse(struct b24_view text, struct b24_url *url) {
    struct b24_view rest = text;
    memset(url, 0, sizeof *url);
    url->https = true;
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f || text.p[i] == '\\')
            return "it contains a space, a backslash or a control byte";
    struct b24_view scheme = text;
    struct b24_view after = cut(&scheme, ":/?#");
    if (after.n >= 3 && memcmp(after.p, "://", 3) == 0) {
        if (b24_same_text(scheme, "http")) url->https = false;
        else if (!ascii(scheme))
            return "a character that is not ASCII, and may be invisible, "
                   "stands before its https://";
        else if (!b24_same_text(scheme, "https")) return "it does not begin with https://";
        rest = (struct b24_view){after.p + 3, after.n - 3};
        url->absolute = true;
    }
    struct b24_view host_port = rest;
    url->path = cut(&host_port, "/?#");
    url->query = cut(&url->path, "?#");
    cut(&url->query, "#");
    return authority(host_port, url);
}

/* The host in a URL's text, with or without a scheme; a view into it. */
static struct b24_view host_of(struct b24_view text) {
    struct b24_view scheme = text, host;
    struct b24_view after = cut(&scheme, ":/?#");
    bool absolute = after.n >= 3 && memcmp(after.p, "://", 3) == 0;
    host = absolute ? (struct b24_view){after.p + 3, after.n - 3} : text;
    cut(&host, "/?#:");
    return host;
}

const char *b24_url_ascii(struct b24_view *text, char *out, size_t size) {
    char host[B24_HOST_MAX + 1];
    struct b24_view wide = host_of(*text);
    if (ascii(wide)) return NULL;
    if (!b24_host_ascii(wide, host))
        return "its host has characters that b24 cannot convert; write it in punycode (xn--...)";
    size_t before = (size_t)(wide.p - text->p), n = strlen(host);
    const char *behind = wide.p + wide.n;
    size_t rest = text->n - before - wide.n;
    if (before + n + rest > size) return "it is too long";
    memcpy(out, text->p, before);
    memcpy(out + before, host, n); /* NOLINT(bugprone-not-null-terminated-result): a view */
    memcpy(out + before + n, behind, rest);
    *text = (struct b24_view){out, before + n + rest};
    return NULL;
}

bool b24_url_origin(const struct b24_url *url, char out[B24_ORIGIN_MAX]) {
    bool standard = url->port.n == 0 || b24_same_text(url->port, url->https ? "443" : "80");
    int n = snprintf(out, B24_ORIGIN_MAX, "%s://%.*s%s%.*s", url->https ? "https" : "http",
                     (int)url->host.n, url->host.p, standard ? "" : ":",
                     standard ? 0 : (int)url->port.n, standard ? "" : url->port.p);
    for (char *p = out; *p != '\0'; p++) *p = b24_lower(*p);
    return n > 0 && n < B24_ORIGIN_MAX;
}

bool b24_url_loopback(const struct b24_url *url) {
    struct b24_view h = url->host;
    if (b24_same_text(h, "localhost") || b24_same_text(h, "[::1]")) return true;
    int dots = 0;
    for (size_t i = 0; i < h.n; i++) {
        if (h.p[i] == '.') dots++;
        else if (!b24_is_digit(h.p[i]))
            return false; /* 127.evil.example is a name, not an address */
    }
    return dots == 3 && h.n > 4 && memcmp(h.p, "127.", 4) == 0;
}

int b24_url_port(const struct b24_url *url) {
    int port = 0;
    for (size_t i = 0; i < url->port.n; i++)
        port = port * 10 + (url->port.p[i] - '0'); /* checked by b24_url_parse */
    if (url->port.n > 0) return port;
    return url->https ? 443 : 80;
}
