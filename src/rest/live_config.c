#include "rest/live_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/date.h"
#include "json/document.h"

#define BASE_MAX   2048     /* bytes of the address */
#define CLIENT_MAX 128      /* bytes of a clientId */
#define LIFE       43200000 /* ms: that of a channel whose end is not told; servers give 12 h */
#define LIFE_MIN   1000     /* ms: of one that ends now, or whose clock is wrong */
#define LIFE_MAX   86400000 /* ms */

/* ------------------------------------------------------------ memory */

static void wipe(char **text) {
    for (volatile char *p = *text; p != NULL && *p != '\0';) *p++ = '\0'; /* not optimised away */
    free(*text);
    *text = NULL;
}

void b24_live_config_free(struct b24_live_config *c) {
    wipe(&c->base);
    wipe(&c->channel);
    wipe(&c->client);
    memset(c, 0, sizeof *c);
}

/* False: no memory. */
static bool copy(char **to, struct b24_view text) {
    char *fresh = malloc(text.n + 1);
    if (fresh == NULL) return false;
    memcpy(fresh, text.p, text.n);
    fresh[text.n] = '\0';
    wipe(to);
    *to = fresh;
    return true;
}

static bool no_memory(struct b24_fault *fault) {
    return b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
}

static bool unusable(struct b24_fault *fault, const char *what) {
    return b24_fail(fault, B24_DECODE, "BAD_PUSH_CONFIG", "Tell the portal's administrator.",
                    "the portal's push configuration is unusable: %s", what);
}

static bool no_server(struct b24_fault *fault) {
    return b24_fail(fault, B24_DENIED, "NO_PUSH_SERVER",
                    "An administrator can install a push server (module Push and Pull).",
                    "this portal has no push server");
}

/* ------------------------------------------------------------ the address */

static struct b24_view text_of(const cJSON *value) {
    struct b24_view v = {"", 0};
    if (cJSON_IsString(value)) v = b24_view_of(value->valuestring);
    return v;
}

static bool printable(struct b24_view v) {
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] <= ' ' || (unsigned char)v.p[i] >= 0x7f) return false;
    return true;
}

/* NULL: it may be asked. */
static const char *address_problem(struct b24_view text, bool allow_http, char *origin) {
    struct b24_url url;
    if (text.n > BASE_MAX || !printable(text)) return "its address is no URL";
    const char *wrong = b24_url_parse(text, &url);
    if (wrong != NULL || !url.absolute || memchr(text.p, '#', text.n) != NULL)
        return "its address is no URL";
    if (!url.https && !(allow_http && b24_url_loopback(&url))) return "its address is not https";
    return b24_url_origin(&url, origin) ? NULL : "its address is too long";
}

/* "long_pooling_secure" is how the server spells it; documents have the other. */
static bool take_address(struct b24_live_config *c, const cJSON *server, bool allow_http,
                         struct b24_fault *fault) {
    static const char *const names[] = {"long_polling", "long_pooling_secure",
                                        "long_polling_secure"};
    const char *wrong = "it names no address for long polling";
    for (size_t i = allow_http ? 0 : 1; i < sizeof names / sizeof *names; i++) {
        struct b24_view text = text_of(b24_member(server, names[i]));
        if (text.n == 0) continue;
        wrong = address_problem(text, allow_http, c->origin);
        if (wrong == NULL) return copy(&c->base, text) || no_memory(fault);
    }
    return unusable(fault, wrong);
}

/* ------------------------------------------------------------ who may read */

static bool good_id(struct b24_view id) {
    return id.n > 0 && id.n <= B24_LIVE_ID_MAX && printable(id);
}

bool b24_live_config_swap(struct b24_live_config *c, struct b24_view channel) {
    return good_id(channel) && !c->is_token && copy(&c->channel, channel);
}

/* The private channel, or from version 5 on a token in its place. That of
   pull.application.config.get is private, too, but carries what the application sends itself. */
static bool take_channel(struct b24_live_config *c, const cJSON *result, struct b24_fault *fault) {
    const cJSON *private = b24_member(b24_member(result, "channels"), "private");
    struct b24_view id = text_of(b24_member(private, "id")),
                    jwt = text_of(b24_member(result, "jwt"));
    c->is_token = jwt.n > 0;
    if (c->is_token) id = jwt;
    if (!good_id(id)) return unusable(fault, "it names no private channel");
    return copy(&c->channel, id) || no_memory(fault);
}

static bool take_client(struct b24_live_config *c, const cJSON *result, bool shared,
                        struct b24_fault *fault) {
    const cJSON *given = b24_member(result, "clientId");
    struct b24_view id = text_of(given);
    char digits[24];
    if (cJSON_IsNumber(given) && given->valuedouble >= 0 && given->valuedouble < B24_EXACT_MAX) {
        id.n = (size_t)snprintf(digits, sizeof digits, "%.0f", given->valuedouble);
        id.p = digits;
    }
    if (id.n > CLIENT_MAX || !printable(id) || (shared && id.n == 0))
        return unusable(fault, "its shared server needs a clientId, and there is none");
    return id.n == 0 || copy(&c->client, id) || no_memory(fault);
}

/* ------------------------------------------------------------ until when */

static bool date_member(const cJSON *object, const char *name, double *seconds) {
    const cJSON *value = b24_member(object, name);
    if (cJSON_IsNumber(value) && value->valuedouble > 0) {
        *seconds = value->valuedouble;
        return true;
    }
    return cJSON_IsString(value) && b24_date_parse(value->valuestring, seconds);
}

/* By the portal's own clock, as far as it tells the time. */
static b24_ms life_of(const struct b24_live_config *c, const cJSON *root, const cJSON *result,
                      double wall) {
    const cJSON *private = b24_member(b24_member(result, "channels"), "private");
    double now = wall, end = 0, until = 0;
    if (!date_member(result, "serverTime", &now))
        date_member(b24_member(root, "time"), "finish", &now);
    if (!c->is_token) date_member(private, "end", &until);
    if (date_member(result, "exp", &end) && (until == 0 || end < until)) until = end;
    if (until == 0) return LIFE;
    double left = (until - now) * 1000;
    return left < LIFE_MIN ? LIFE_MIN : left > LIFE_MAX ? LIFE_MAX : (b24_ms)left;
}

/* ------------------------------------------------------------ the whole */

/* PHP's ways to say no. */
static bool is_off(const cJSON *value) {
    struct b24_view text = text_of(value);
    return cJSON_IsFalse(value) || (cJSON_IsNumber(value) && value->valuedouble == 0) ||
           b24_same_text(text, "N") || b24_same_text(text, "0") || b24_same_text(text, "false");
}

static bool read_result(struct b24_live_config *c, const cJSON *root, bool allow_http, double wall,
                        struct b24_fault *fault) {
    const cJSON *result = b24_member(root, "result"), *server = b24_member(result, "server");
    const cJSON *version = b24_member(server, "version");
    if (!cJSON_IsObject(server)) return no_server(fault);
    if (is_off(b24_member(server, "server_enabled"))) return no_server(fault);
    double number = 0;
    if (cJSON_IsNumber(version)) number = version->valuedouble;
    else if (cJSON_IsString(version)) b24_decimal(version->valuestring, &number);
    c->version = number >= 1 && number <= 99 ? (int)number : 0;
    bool shared = b24_same_text(text_of(b24_member(server, "mode")), "shared");
    if (!take_address(c, server, allow_http, fault) || !take_channel(c, result, fault) ||
        !take_client(c, result, shared, fault))
        return false;
    c->life = life_of(c, root, result, wall);
    return true;
}

bool b24_live_config_read(struct b24_live_config *c, struct b24_view reply, bool allow_http,
                          double wall, struct b24_fault *fault) {
    struct b24_json_error error;
    b24_live_config_free(c);
    cJSON *root = b24_document_parse(reply, B24_DEPTH_DEFAULT, &error);
    if (root == NULL) return error.no_memory ? no_memory(fault) : unusable(fault, error.what);
    bool ok = read_result(c, root, allow_http, wall, fault);
    cJSON_Delete(root);
    if (!ok) b24_live_config_free(c);
    return ok;
}

/* ------------------------------------------------------------ asking */

/* "&name=value", percent-encoded. */
static bool add_field(struct b24_buffer *out, char before, const char *name, const char *value) {
    static const char hex[] = "0123456789ABCDEF";
    if (!b24_buffer_add(out, &before, 1) || !b24_buffer_puts(out, name) ||
        !b24_buffer_puts(out, "="))
        return false;
    for (const char *p = value; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        char code[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        bool plain = b24_is_word_byte(*p) || strchr("-.~", *p) != NULL;
        if (!b24_buffer_add(out, plain ? p : code, plain ? 1 : 3)) return false;
    }
    return true;
}

bool b24_live_config_url(const struct b24_live_config *c, const char *mid, struct b24_buffer *out) {
    char before = strchr(c->base, '?') != NULL ? '&' : '?';
    bool ok = b24_buffer_puts(out, c->base) &&
              add_field(out, before, c->is_token ? "token" : "CHANNEL_ID", c->channel);
    if (ok && c->is_token) ok = add_field(out, '&', "jsonRpc", "true");
    if (ok && c->client != NULL) ok = add_field(out, '&', "clientId", c->client);
    if (ok && mid[0] != '\0') ok = add_field(out, '&', "mid", mid);
    return ok;
}
