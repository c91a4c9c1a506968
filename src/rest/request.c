#include "rest/request.h"

#include <stdlib.h>
#include <string.h>

static struct b24_view text(const char *s) { return (struct b24_view){s, strlen(s)}; }

/* Writes the two one after the other, and a NUL; returns where they are. */
static const char *put(char **to, struct b24_view a, struct b24_view b) {
    char *begin = *to;
    memcpy(begin, a.p, a.n);
    memcpy(begin + a.n, b.p, b.n);
    begin[a.n + b.n] = '\0';
    *to = begin + a.n + b.n + 1;
    return begin;
}

bool b24_request_build(struct b24_request_text *t, const struct b24_conf *conf,
                       struct b24_view method, struct b24_view body) {
    static const struct b24_view bearer = {"Authorization: Bearer ", 22},
                                 agent = {"User-Agent: ", 12};
    struct b24_view base = text(conf->base), token = text(conf->token != NULL ? conf->token : "");
    struct b24_view program = text(conf->user_agent != NULL ? conf->user_agent : B24_USER_AGENT);
    memset(t, 0, sizeof *t);
    t->secret_n = base.n + method.n + 1 + (conf->token != NULL ? bearer.n + token.n + 1 : 0);
    char *to = t->block = malloc(t->secret_n + agent.n + program.n + 1 + body.n + 1);
    if (to == NULL) return false;
    t->url = put(&to, base, method);
    if (conf->token != NULL) t->headers[3] = put(&to, bearer, token);
    t->headers[0] = "Content-Type: application/json";
    t->headers[1] = "Accept: application/json";
    t->headers[2] = put(&to, agent, program);
    t->body = body.n > 0 ? put(&to, body, text("")) : "{}";
    return true;
}

static void wipe(char *s, size_t n) {
    static void *(*const volatile set)(void *, int, size_t) = memset; /* not to be optimised away */
    if (s != NULL) set(s, 0, n);
    free(s);
}

bool b24_request_move(struct b24_request_text *t, const struct b24_conf *conf, const char *origin,
                      struct b24_view method) {
    struct b24_view to = text(origin), path = text(conf->base + strlen(conf->origin));
    char *url = malloc(to.n + path.n + method.n + 1), *at = url;
    if (url == NULL) return false;
    (void)put(&at, to, path);
    at--;
    (void)put(&at, method, text(""));
    if (t->moved != NULL) wipe(t->moved, strlen(t->moved));
    t->url = t->moved = url;
    return true;
}

void b24_request_free(struct b24_request_text *t) {
    if (t->moved != NULL) wipe(t->moved, strlen(t->moved));
    wipe(t->block, t->secret_n);
    memset(t, 0, sizeof *t);
}
