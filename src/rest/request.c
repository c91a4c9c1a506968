#include "rest/request.h"

#include <stdlib.h>
#include <string.h>

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

bool b24_request_build(struct b24_request_text *t, const struct b24_conf *conf,
                       struct b24_view method, struct b24_view body) {
    static const struct b24_view none = {"", 0};
    memset(t, 0, sizeof *t);
    t->url = join((const char *const[]){conf->base, NULL}, &method);
    t->body = join((const char *const[]){body.n > 0 ? "" : "{}", NULL}, &body);
    t->agent = join(
        (const char *const[]){"User-Agent: ", conf->user_agent ? conf->user_agent : B24_USER_AGENT,
                              NULL},
        &none);
    if (conf->token)
        t->authorization =
            join((const char *const[]){"Authorization: Bearer ", conf->token, NULL}, &none);
    size_t n = 0;
    t->headers[n++] = "Content-Type: application/json";
    t->headers[n++] = "Accept: application/json";
    t->headers[n++] = t->agent;
    if (t->authorization) t->headers[n++] = t->authorization;
    t->headers[n] = NULL;
    return t->url && t->body && t->agent && (t->authorization || !conf->token);
}

static void wipe(char *s) {
    for (volatile char *p = s; s != NULL && *p != '\0';)
        *p++ = '\0'; /* volatile: must not be optimised away */
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
