#include "rest/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buffer.h"

#define TOKEN_URL_MAX (16u << 10) /* bytes: each byte of the longest values may become three */

static const struct b24_view bearer_is = {"Authorization: Bearer ", 22},
                             agent_is = {"User-Agent: ", 12};

static struct b24_view text(const char *s) {
    return s != NULL ? b24_view_of(s) : (struct b24_view){"", 0};
}

static struct b24_view program_of(const struct b24_conf *conf) {
    return text(conf->user_agent != NULL ? conf->user_agent : B24_USER_AGENT);
}

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
    struct b24_view base = text(conf->base), token = text(conf->token);
    struct b24_view program = program_of(conf);
    memset(t, 0, sizeof *t);
    t->secret_n = base.n + method.n + 1 + (conf->token != NULL ? bearer_is.n + token.n + 1 : 0);
    char *to = t->block = malloc(t->secret_n + agent_is.n + program.n + 1 + body.n + 1);
    if (to == NULL) return false;
    t->url = put(&to, base, method);
    if (conf->token != NULL) t->headers[3] = put(&to, bearer_is, token);
    t->headers[0] = "Content-Type: application/json";
    t->headers[1] = "Accept: application/json";
    t->headers[2] = put(&to, agent_is, program);
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

bool b24_request_renew(struct b24_request_text *t, const struct b24_conf *conf, const char *origin,
                       struct b24_view method) {
    struct b24_view token = text(conf->token);
    char *bearer = NULL;
    if (conf->token != NULL) {
        char *to = bearer = malloc(bearer_is.n + token.n + 1);
        if (bearer == NULL) return false;
        (void)put(&to, bearer_is, token);
    }
    if (!b24_request_move(t, conf, origin, method)) {
        if (bearer != NULL) wipe(bearer, strlen(bearer));
        return false;
    }
    if (t->bearer != NULL) wipe(t->bearer, strlen(t->bearer));
    t->headers[3] = t->bearer = bearer;
    return true;
}

/* "&name=value", percent-encoded. */
static bool add_field(struct b24_buffer *out, const char *name, const char *value) {
    static const char digits[] = "0123456789ABCDEF";
    bool ok = b24_buffer_puts(out, name);
    for (const char *p = value; ok && *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        bool plain = b24_is_word_byte(*p) || *p == '.' || *p == '-';
        ok = plain ? b24_buffer_add(out, p, 1) : b24_buffer_add(out, code, 3);
    }
    return ok;
}

bool b24_request_tokens(struct b24_request_text *t, const struct b24_conf *conf,
                        const char *server) {
    const struct b24_app *app = conf->app;
    bool code = app->code[0] != '\0';
    struct b24_buffer url;
    memset(t, 0, sizeof *t);
    b24_buffer_init(&url, TOKEN_URL_MAX);
    bool ok =
        b24_buffer_puts(&url, server) && b24_buffer_puts(&url, "/oauth/token/") &&
        add_field(&url, "?grant_type=", code ? "authorization_code" : "refresh_token") &&
        add_field(&url, "&client_id=", app->client_id) &&
        add_field(&url, "&client_secret=", app->client_secret) &&
        add_field(&url,
                  code ? "&code=" : "&refresh_token=", code ? app->code : app->grant.refresh_token);
    t->url = t->moved = url.p; /* the text owns it, and wipes it */
    t->body = "";
    struct b24_view program = program_of(conf);
    char *to = t->block = malloc(agent_is.n + program.n + 1);
    if (!ok || to == NULL) return false;
    t->headers[0] = "Accept: application/json";
    t->headers[1] = put(&to, agent_is, program);
    return true;
}

void b24_request_free(struct b24_request_text *t) {
    if (t->moved != NULL) wipe(t->moved, strlen(t->moved));
    if (t->bearer != NULL) wipe(t->bearer, strlen(t->bearer));
    wipe(t->block, t->secret_n);
    memset(t, 0, sizeof *t);
}
