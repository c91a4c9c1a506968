/* Fuzzes the judgement of a reply. The input is "STATUS\nLOCATION\nRETRY-AFTER\nBODY". Whatever it
   is: a success has a result, a failure has one line of valid UTF-8 to show, and the webhook's
   secret is never in it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/outcome.h"
#include "json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET  "s3cr3tw0rd"
#define WEBHOOK "https://portal.example/rest/1/" SECRET "/"

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_reply: %s\n", what);
    abort();
}

/* Cuts the first line off *rest. */
static struct b24_view line(struct b24_view *rest) {
    const char *end = memchr(rest->p, '\n', rest->n);
    struct b24_view v = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};
    size_t used = v.n + (end != NULL);
    rest->p += used;
    rest->n -= used;
    return v;
}

static int status_of(struct b24_view v) {
    int status = 0;
    for (size_t i = 0; i < v.n && i < 3; i++)
        status = status * 10 + (v.p[i] >= '0' && v.p[i] <= '9' ? v.p[i] - '0' : 0);
    return status < 100 ? status + 100 : status;
}

static void check_text(const char *text) {
    must(b24_utf8_valid(text, strlen(text)), "text is not UTF-8");
    must(strstr(text, SECRET) == NULL, "text shows the secret");
}

static void check(const struct b24_outcome *o) {
    bool result = o->result != NULL || o->result_text != NULL;
    if (o->kind == B24_OK) {
        must(o->status >= 200 && o->status < 300 && result, "a success without result");
        return;
    }
    must(o->kind <= B24_CLOSED && !result, "a failure with a result");
    must(strncmp(o->text, "b24: ", 5) == 0, "a failure without text");
    for (const char *p = o->text; *p != '\0'; p++)
        must((unsigned char)*p >= ' ' && *p != 0x7f, "text has control bytes");
    check_text(o->text);
    check_text(o->message);
    check_text(o->code);
}

/* As text: cJSON_Compare finds an object with one name twice unlike itself. */
static void same_member(const cJSON *a, const cJSON *b) {
    char *x = a != NULL ? cJSON_PrintUnformatted(a) : NULL;
    char *y = b != NULL ? cJSON_PrintUnformatted(b) : NULL;
    must((x == NULL && y == NULL) || (x != NULL && y != NULL && strcmp(x, y) == 0),
         "a member beside the result differs");
    cJSON_free(x);
    cJSON_free(y);
}

/* Where the block was read without a tree, it must say what the tree says. */
static void same_times(const struct b24_times *t, const cJSON *time) {
    int members = 0;
    for (int i = 0; i < B24_TIME_COUNT; i++) {
        enum b24_time_name name = (enum b24_time_name)i;
        const cJSON *m = b24_member(time, b24_time_name(name));
        must(((t->seen >> i & 1) != 0) == (m != NULL), "a time came or went");
        if (m == NULL) continue;
        members++;
        if (b24_time_is_date(name))
            must(strcmp(t->date[i - B24_TIME_date_start], m->valuestring) == 0, "another date");
        else must(t->number[i] == m->valuedouble, "another time");
    }
    must(members <= cJSON_GetArraySize(time), "times that nobody sent");
}

/* Each command that the tree has a result of has a part with the same bytes in front. */
static void same_commands(const struct b24_outcome *o, const struct b24_outcome *tree) {
    const cJSON *results = b24_member(o->result, "result"),
                *wanted = b24_member(tree->result, "result");
    must(cJSON_GetArraySize(results) == cJSON_GetArraySize(wanted), "commands came or went");
    for (const cJSON *m = results->child, *w = wanted->child; m != NULL; m = m->next, w = w->next) {
        must(strcmp(m->string, w->string) == 0, "another command");
        must(cJSON_IsNumber(m) && m->valuedouble < (double)o->parts.n, "a command without a part");
        char first = o->parts.part[(size_t)m->valuedouble].text[0];
        must(cJSON_IsObject(w) == (first == '{') && cJSON_IsArray(w) == (first == '['),
             "a part of another type");
    }
}

/* The result as text must change nothing else. */
static void check_as_text(const struct b24_outcome *tree, const struct b24_conf *conf,
                          const struct b24_reply *reply, bool batch) {
    struct b24_outcome o;
    b24_outcome_init(&o);
    o.as_text = !batch;
    o.as_parts = batch;
    b24_outcome_reply(&o, conf, reply);
    check(&o);
    must(o.kind == tree->kind && strcmp(o.code, tree->code) == 0 && o.hint == tree->hint &&
             strcmp(o.text, tree->text) == 0 && o.retryable == tree->retryable,
         "as text it is judged differently");
    if (o.times.known) same_times(&o.times, tree->time);
    else same_member(o.time, tree->time);
    same_member(o.next, tree->next);
    same_member(o.total, tree->total);
    if (o.in_parts) same_commands(&o, tree);
    b24_outcome_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_conf conf;
    struct b24_fault fault;
    struct b24_outcome outcome;
    struct b24_reply reply = {.http_version = 11};
    char *text = malloc(size + 1); /* a reply's body ends in NUL */
    memcpy(text, data, size);
    text[size] = '\0';
    struct b24_view rest = {text, size};
    b24_conf_init(&conf);
    must(b24_conf_webhook(&conf, (struct b24_view){WEBHOOK, sizeof WEBHOOK - 1}, &fault),
         "the webhook is refused");
    reply.status = status_of(line(&rest));
    reply.location = line(&rest);
    reply.retry_after = line(&rest);
    reply.body = rest;
    b24_outcome_init(&outcome);
    b24_outcome_reply(&outcome, &conf, &reply);
    check(&outcome);
    check_as_text(&outcome, &conf, &reply, false);
    check_as_text(&outcome, &conf, &reply, true);
    b24_outcome_free(&outcome);
    b24_conf_free(&conf);
    free(text);
    return 0;
}
