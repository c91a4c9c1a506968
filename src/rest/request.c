#include "rest/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buffer.h"

#define TOKEN_URL_MAX (16u << 10) /* bytes: each byte of the longest values may become three */

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

static const struct b24_view none = {"", 0};

/* Accept, User-Agent, and what is beside them: NULL ones are left out. */
static void set_headers(struct b24_request_text *t, bool body) {
    size_t n = 0;
    if (body) t->headers[n++] = "Content-Type: application/json";
    t->headers[n++] = "Accept: application/json";
    t->headers[n++] = t->agent;
    if (t->authorization) t->headers[n++] = t->authorization;
    t->headers[n] = NULL;
}

static bool set_agent(struct b24_request_text *t, const struct b24_conf *conf) {
    const char *agent = conf->user_agent ? conf->user_agent : B24_USER_AGENT;
    t->agent = join((const char *const[]){"User-Agent: ", agent, NULL}, &none);
    return t->agent != NULL;
}

static char *authorization(const struct b24_conf *conf) {
    return join((const char *const[]){"Authorization: Bearer ", conf->token, NULL}, &none);
}

bool b24_request_build(struct b24_request_text *t, const struct b24_conf *conf,
                       struct b24_view method, struct b24_view body) {
    memset(t, 0, sizeof *t);
    t->url = join((const char *const[]){conf->base, NULL}, &method);
    t->body = join((const char *const[]){body.n > 0 ? "" : "{}", NULL}, &body);
    if (conf->token) t->authorization = authorization(conf);
    bool ok = set_agent(t, conf) && t->url && t->body && (t->authorization || !conf->token);
    set_headers(t, true);
    return ok;
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

bool b24_request_renew(struct b24_request_text *t, const struct b24_conf *conf, const char *origin,
                       struct b24_view method) {
    char *bearer = conf->token != NULL ? authorization(conf) : NULL;
    if (conf->token != NULL && bearer == NULL) return false;
    if (!b24_request_move(t, conf, origin, method)) {
        wipe(bearer);
        return false;
    }
    wipe(t->authorization);
    t->authorization = bearer;
    set_headers(t, true);
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
    t->url = url.p; /* the text owns it, and wipes it */
    t->body = join((const char *const[]){NULL}, &none);
    ok = set_agent(t, conf) && ok && t->body;
    set_headers(t, false);
    return ok;
}

void b24_request_free(struct b24_request_text *t) {
    wipe(t->url);
    wipe(t->authorization);
    free(t->body);
    free(t->agent);
    memset(t, 0, sizeof *t);
}
