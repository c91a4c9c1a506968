#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "url.h"

const char *b24_method_problem(struct b24_view m) {
    if (m.n == 0) return "it is empty";
    if (m.n > B24_METHOD_MAX) return "it is too long";
    for (size_t i = 0; i < m.n; i++) {
        char c = m.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        bool dot = c == '.' && i > 0 && i + 1 < m.n && m.p[i - 1] != '.';
        if (!word && !dot) return "only letters, digits, '_', '-' and single dots are allowed";
    }
    return NULL;
}

/* Joins the parts, NULL at the end, into fresh memory. */
static char *join(const char *const *parts, const struct b24_view *last) {
    size_t n = last->n;
    for (const char *const *p = parts; *p != NULL; p++) n += strlen(*p);
    char *text = malloc(n + 1), *to = text;
    if (text == NULL) return NULL;
    for (const char *const *p = parts; *p != NULL; p++) {
        size_t k = strlen(*p);
        memcpy(to, *p, k);
        to += k;
    }
    memcpy(to, last->p, last->n);
    to[last->n] = '\0';
    return text;
}

bool b24_request_build(struct b24_request_text *t, const struct b24_conf *conf, struct b24_view method,
                       struct b24_view body) {
    static const struct b24_view none = {"", 0};
    memset(t, 0, sizeof *t);
    t->url = join((const char *const[]){conf->base, NULL}, &method);
    t->body = join((const char *const[]){body.n > 0 ? "" : "{}", NULL}, &body);
    t->agent =
        join((const char *const[]){"User-Agent: ", conf->user_agent ? conf->user_agent : B24_USER_AGENT, NULL}, &none);
    if (conf->token) t->authorization = join((const char *const[]){"Authorization: Bearer ", conf->token, NULL}, &none);
    size_t n = 0;
    t->headers[n++] = "Content-Type: application/json";
    t->headers[n++] = "Accept: application/json";
    t->headers[n++] = t->agent;
    if (t->authorization) t->headers[n++] = t->authorization;
    t->headers[n] = NULL;
    return t->url && t->body && t->agent && (t->authorization || !conf->token);
}

static void wipe(char *s) {
    for (volatile char *p = s; s != NULL && *p != '\0';) *p++ = '\0'; /* volatile: must not be optimised away */
    free(s);
}

bool b24_request_move(struct b24_request_text *t, const struct b24_conf *conf, const char *origin,
                      struct b24_view method) {
    const char *path = conf->base + strlen(conf->origin);
    char *url = join((const char *const[]){origin, path, NULL}, &method);
    if (url == NULL) return false;
    wipe(t->url);
    t->url = url;
    return true;
}

void b24_request_free(struct b24_request_text *t) {
    wipe(t->url);
    wipe(t->authorization);
    free(t->body);
    free(t->agent);
    memset(t, 0, sizeof *t);
}

bool b24_method_reads(struct b24_view method) {
    static const char *const verbs[] = {"get", "list", "fields", "count", "current", "search"};
    static const char *const names[] = {"profile", "scope", "methods", "server.time", "user.counters"};
    size_t dot = method.n;
    while (dot > 0 && method.p[dot - 1] != '.') dot--;
    struct b24_view verb = {method.p + dot, method.n - dot};
    for (size_t i = 0; dot > 0 && i < sizeof verbs / sizeof *verbs; i++)
        if (b24_same_text(verb, verbs[i])) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (b24_same_text(method, names[i])) return true;
    return false;
}
