#define _POSIX_C_SOURCE 200809L
#include "rest/outcome.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/number.h"
#include "base/paste.h"
#include "base/url.h"
#include "rest/codes.h"
#include "rest/error_text.h"
#include "rest/outcome_text.h"
#include "json/document.h"
#include "json/repair.h"

#define EXCERPT_SOURCE 2000 /* bytes of a foreign body that are looked at */
#define EXCERPT_MAX    120  /* bytes of it that are shown */
#define TEXT_SHOWN     300  /* bytes of a message inside the one-line text */
#define FROM_SHOWN     80   /* bytes of who said it, if it was not the portal */
#define TEXT_SOURCE                                                                                \
    8192 /* bytes of a text that are looked at: masking takes time, and 1 KiB is kept */

void b24_outcome_init(struct b24_outcome *o) {
    memset(o, 0, offsetof(struct b24_outcome, plan));
    b24_json_plan_init(&o->plan);
    o->code[0] = o->message[0] = o->text[0] = o->hint_text[0] = '\0';
    o->times.known = false;
    o->retry_after = B24_NO_MS;
}

void b24_outcome_free(struct b24_outcome *o) {
    cJSON_Delete(o->root);
    o->root = NULL;
    o->result = NULL;
    o->time = o->next = o->total = NULL;
    o->result_text = NULL;
    o->result_sizes = NULL;
    o->times.known = o->in_parts = false;
    b24_buffer_free(&o->body);
    b24_json_plan_free(&o->plan);
}

/* text = "b24: CODE: message (HTTP nnn)" from the other fields. */
static void compose(struct b24_outcome *o) {
    char shown[B24_MESSAGE_MAX + 4], code[B24_CODE_MAX], status[24] = "", from[FROM_SHOWN] = "";
    memcpy(shown, o->message, sizeof o->message);
    memcpy(code, o->code, sizeof code);
    b24_flatten(shown);
    b24_flatten(code);
    b24_shorten(shown, TEXT_SHOWN);
    if (o->status > 0) snprintf(status, sizeof status, " (HTTP %d)", o->status);
    if (o->from != NULL)
        snprintf(from, sizeof from, "%.60s%s", o->from, shown[0] ? ": " : " says so");
    bool words = shown[0] != '\0' || from[0] != '\0';
    snprintf(o->text, sizeof o->text, "b24: %s%s%s%.*s%s", code, code[0] && words ? ": " : "", from,
             from[0] ? TEXT_SHOWN - (int)sizeof from : TEXT_SHOWN + 3, shown, status);
}

static void set_code(struct b24_outcome *o, const char *code) {
    b24_copy_text(o->code, sizeof o->code, b24_view_of(code));
}

/* Masks before it shortens: half a secret is a secret too. Without memory for that: nothing. */
static void masked_copy(const struct b24_conf *conf, struct b24_view text, char *out, size_t size) {
    if (text.n > TEXT_SOURCE) text.n = TEXT_SOURCE;
    char *copy = malloc(text.n + 1);
    out[0] = '\0';
    if (copy == NULL) return;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    b24_conf_mask(conf, copy);
    b24_copy_text(out, size, b24_view_of(copy));
    free(copy);
}

static void set_message(struct b24_outcome *o, const struct b24_conf *conf, struct b24_view text) {
    masked_copy(conf, text, o->message, sizeof o->message);
}

static void judge(struct b24_outcome *o, const struct b24_code *c) {
    o->kind = c->kind;
    o->hint = c->hint;
    o->not_run = c->repeat == B24_UNRUN;
    o->retryable = c->repeat == B24_LATER || c->repeat == B24_UNRUN ||
                   (c->repeat == B24_LATER_5XX && o->status >= 500);
}

/* The code of an error body as text: string, number, or the object of REST 3. */
static void portal_code(const struct b24_conf *conf, const cJSON *error, char out[B24_CODE_MAX]) {
    const cJSON *code = cJSON_IsObject(error) ? b24_member(error, "code") : error;
    out[0] = '\0';
    if (cJSON_IsString(code)) masked_copy(conf, b24_view_of(code->valuestring), out, B24_CODE_MAX);
    if (cJSON_IsNumber(code)) b24_double_text(code->valuedouble, out);
}

static const char *portal_text(const cJSON *root, const cJSON *error) {
    const cJSON *text = cJSON_IsObject(error) ? b24_member(error, "message")
                                              : b24_member(root, "error_description");
    return cJSON_IsString(text) ? text->valuestring : "";
}

/* "error": 403 under HTTP 200: the code is the status that the portal meant. */
static int meant_status(const char *code, int status) {
    double number;
    if (status >= 300 || !b24_decimal(code, &number)) return status;
    return number >= 400 && number < 600 ? (int)number : status;
}

static void error_body(struct b24_outcome *o, const struct b24_conf *conf, const cJSON *error) {
    const char *text = portal_text(o->root, error);
    portal_code(conf, error, o->code);
    int status = meant_status(o->code, o->status);
    const struct b24_code *c = o->from != NULL ? b24_code_of_token_server(o->code, status)
                                               : b24_code_find(o->code, status);
    set_message(o, conf, b24_view_of(text));
    judge(o, c);
    if (text[0] == '\0') o->hint = b24_code_silent_hint(c);
    compose(o);
}

/* What PHP takes for empty: "", "0", 0, [], {}. */
static bool empty(const cJSON *v) {
    if (cJSON_IsString(v)) return v->valuestring[0] == '\0' || strcmp(v->valuestring, "0") == 0;
    if (cJSON_IsNumber(v)) return v->valuedouble == 0;
    return cJSON_IsNull(v) || cJSON_IsFalse(v) || (!cJSON_IsTrue(v) && v->child == NULL);
}

/* Does the body say that something went wrong? An empty code does, as some methods have no other;
 * but not beside a good result of which nothing is told. */
static bool says_error(const struct b24_outcome *o, const cJSON *error) {
    const cJSON *text = b24_member(o->root, "error_description");
    if (error == NULL || cJSON_IsNull(error) || cJSON_IsFalse(error)) return false;
    bool good =
        o->status >= 200 && o->status < 300 && o->result != NULL && !cJSON_IsNull(o->result);
    return !(good && empty(error) && (text == NULL || empty(text)));
}

#define REPAIRED_MAX (64u << 10) /* bytes; error bodies have some hundred */

/* A NUL or half a character in an error's text must not hide its code. Only for what is an error:
 * a result needs every byte right. */
static cJSON *broken_error(const struct b24_reply *r, int max_depth) {
    struct b24_json_error why;
    struct b24_buffer fixed;
    cJSON *root = NULL;
    if (r->body.n > REPAIRED_MAX) return NULL;
    b24_buffer_init(&fixed, REPAIRED_MAX * 3 + 1); /* U+FFFD has three bytes */
    if (b24_json_repair(r->body, &fixed) && fixed.n > 0)
        root = b24_document_parse(b24_buffer_view(&fixed), max_depth, &why);
    b24_buffer_free(&fixed);
    const cJSON *error = b24_member(root, "error");
    if (error != NULL && !empty(error)) return root;
    cJSON_Delete(root);
    return NULL;
}

/* A reply without a usable JSON document. */
static void foreign_body(struct b24_outcome *o, const struct b24_conf *conf,
                         const struct b24_reply *r, const char *why) {
    char text[EXCERPT_SOURCE + 4], all[B24_MESSAGE_MAX];
    size_t n = r->body.n < EXCERPT_SOURCE ? r->body.n : EXCERPT_SOURCE;
    size_t tail = b24_conf_longest_secret(conf);
    b24_copy_text(text, sizeof text, (struct b24_view){r->body.p, n});
    b24_conf_mask(conf, text);
    if (r->body.n > n && strlen(text) > tail)
        text[strlen(text) - tail] = '\0'; /* a secret cut by the bound */
    b24_flatten(text);
    b24_shorten(text, EXCERPT_MAX);
    snprintf(all, sizeof all, "%s%s%.*s", why, text[0] ? ": " : "", EXCERPT_MAX + 3, text);
    set_message(o, conf, b24_view_of(all));
    compose(o);
}

static void bad_body(struct b24_outcome *o, const struct b24_conf *conf, const struct b24_reply *r,
                     const struct b24_json_error *gate) {
    char why[160];
    const struct b24_code *c = b24_code_of_status(gate->no_memory ? 200 : r->status);
    judge(o, c);
    set_code(o, c->name);
    if (c->kind != B24_DECODE) snprintf(o->code, sizeof o->code, "HTTP_%d", r->status);
    if (c->kind == B24_DECODE && r->body.n == 0) set_code(o, "EMPTY_REPLY");
    if (c->kind == B24_DECODE && gate->no_memory) set_code(o, "OUT_OF_MEMORY");
    if (r->body.n == 0) snprintf(why, sizeof why, "the reply is empty");
    else if (c->kind == B24_DECODE)
        snprintf(why, sizeof why, "the reply is not usable JSON (%s at byte %zu)", gate->what,
                 gate->at + 1);
    else snprintf(why, sizeof why, "the reply is not from the REST interface");
    foreign_body(o, conf, r, why);
}

/* Only the host of the new address is shown: its path holds the secret. */
static void redirect(struct b24_outcome *o, const struct b24_conf *conf,
                     const struct b24_reply *r) {
    struct b24_url url;
    char text[400];
    bool readable = b24_url_parse(r->location, &url) == NULL && url.absolute;
    judge(o, b24_code_of_status(r->status));
    set_code(o, "REDIRECT");
    if (readable)
        snprintf(text, sizeof text, "the portal sends us on to %.*s", (int)url.host.n, url.host.p);
    else snprintf(text, sizeof text, "the portal sends us on to another page");
    set_message(o, conf, b24_view_of(text));
    compose(o);
}

#define RETRY_AFTER_MAX 999999 /* s: eleven days; whoever asks for more means "not today" */

/* RFC 9110 10.2.3: seconds, or a date, which is told by the clock that the reply's own Date has. */
static b24_ms retry_after(const struct b24_reply *r) {
    struct b24_view v = b24_trim(r->retry_after);
    double until, now, s = 0;
    if (b24_date_parse_http(v, &until)) {
        if (!b24_date_parse_http(r->date, &now)) now = b24_clock_wall();
        s = until > now ? until - now : 0;
    } else {
        if (v.n == 0) return B24_NO_MS;
        for (size_t i = 0; i < v.n; i++) {
            if (!b24_is_digit(v.p[i])) return B24_NO_MS;
            s = s * 10 + (v.p[i] - '0');
        }
    }
    return (b24_ms)((s < RETRY_AFTER_MAX ? s : RETRY_AFTER_MAX) * 1000);
}

static void success(struct b24_outcome *o) {
    o->kind = B24_OK;
    o->time = b24_member(o->root, "time");
    o->next = b24_member(o->root, "next");
    o->total = b24_member(o->root, "total");
}

static void judge_tree(struct b24_outcome *o, const struct b24_conf *conf,
                       const struct b24_reply *r) {
    struct b24_json_error gate;
    o->root = b24_document_parse(r->body, conf->max_depth, &gate);
    if (o->root == NULL && !gate.no_memory) o->root = broken_error(r, conf->max_depth);
    const cJSON *error = b24_member(o->root, "error");
    o->result = b24_member(o->root, "result");
    o->time = b24_member(o->root, "time");
    bool good = r->status >= 200 && r->status < 300;
    if (says_error(o, error)) error_body(o, conf, error);
    else if (r->status >= 300 && r->status < 400) redirect(o, conf, r);
    else if (!good || o->root == NULL) bad_body(o, conf, r, &gate);
    else if (o->result == NULL)
        b24_outcome_unusable(o, conf, "NO_RESULT", "the reply is JSON, but has no result",
                             "Check that the URL is a webhook of a Bitrix24 portal.");
    else success(o);
    if (o->kind == B24_OK && o->keep) b24_outcome_keep_body(o, r->body);
    if (o->kind != B24_OK) o->result = NULL;
}

void b24_outcome_reply(struct b24_outcome *o, const struct b24_conf *conf,
                       const struct b24_reply *r) {
    b24_outcome_free(o);
    o->status = r->status;
    o->http_version = r->http_version;
    o->reused = r->reused;
    o->sent = true;
    o->not_run = false;
    o->retry_after = retry_after(r);
    if (b24_outcome_take_text(o, conf, r)) {
        success(o);
        return;
    }
    b24_outcome_free(o);
    judge_tree(o, conf, r);
}

void b24_outcome_command(struct b24_outcome *o, const struct b24_conf *conf, const cJSON *error) {
    const cJSON *code = cJSON_IsObject(error) ? b24_member(error, "error") : error;
    const char *text = portal_text(error, code);
    o->sent = true;
    portal_code(conf, code, o->code);
    set_message(o, conf, b24_view_of(text));
    const struct b24_code *c = b24_code_find(o->code, meant_status(o->code, 0));
    judge(o, c); /* inside a batch there is no status */
    if (text[0] == '\0') o->hint = b24_code_silent_hint(c);
    compose(o);
}

/* A certificate stays as bad as it is, and so does a proxy's refusal; a handshake that broke may
 * succeed the next time. */
static bool may_pass(const struct b24_failure *f) {
    static const char *const stay[] = {"PROXY_AUTH", "PROXY_REFUSED"};
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        if (strcmp(f->code, stay[i]) == 0) return false;
    return f->kind == B24_NETWORK || f->kind == B24_TIMEOUT ||
           (f->kind == B24_TLS && strcmp(f->code, "TLS_FAILED") == 0);
}

void b24_outcome_failure(struct b24_outcome *o, const struct b24_conf *conf,
                         const struct b24_failure *f) {
    b24_outcome_free(o);
    o->status = 0;
    o->kind = f->kind;
    o->hint = f->hint != NULL ? o->hint_text : NULL;
    if (f->hint != NULL) b24_copy_text(o->hint_text, sizeof o->hint_text, b24_view_of(f->hint));
    o->sent = o->sent || f->sent;
    o->not_run = !f->sent;
    o->retryable = may_pass(f);
    o->retry_after = B24_NO_MS;
    set_code(o, f->code);
    set_message(o, conf, f->text);
    compose(o);
}

void b24_outcome_unusable(struct b24_outcome *o, const struct b24_conf *conf, const char *code,
                          const char *message, const char *hint) {
    o->kind = B24_DECODE;
    o->hint = hint;
    o->retryable = false;
    set_code(o, code);
    set_message(o, conf, b24_view_of(message));
    compose(o);
}

void b24_outcome_fault(struct b24_outcome *o, const struct b24_fault *fault) {
    o->kind = fault->kind;
    o->hint = fault->hint;
    set_code(o, fault->code);
    b24_copy_text(o->message, sizeof o->message, b24_view_of(fault->message));
    compose(o);
}
