/* Fuzzes what people paste as a webhook or portal. What is accepted must be a base URL that is
   accepted again and stays the same, plain http only to this machine; and masking leaves no secret
   in any text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "rest/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_url: %s\n", what);
    abort();
}

static struct b24_view view(const char *s) { return (struct b24_view){s, strlen(s)}; }

static void start(struct b24_conf *conf) {
    b24_conf_init(conf);
    conf->allow_http = true;
}

static void check_base(const struct b24_conf *conf) {
    struct b24_url url;
    size_t n = strlen(conf->origin);
    must(strncmp(conf->base, conf->origin, n) == 0, "base does not begin with origin");
    must(strncmp(conf->base + n, "/rest/", 6) == 0, "base is no REST address");
    must(conf->base[strlen(conf->base) - 1] == '/', "base does not end in /");
    must(b24_url_parse(view(conf->base), &url) == NULL, "base is no URL");
    must(url.https || b24_url_loopback(&url), "plain http to another machine");
}

static void webhook(struct b24_view text) {
    struct b24_conf conf, again;
    struct b24_fault fault;
    start(&conf);
    start(&again);
    if (b24_conf_webhook(&conf, text, &fault)) {
        check_base(&conf);
        must(conf.secret != NULL && conf.secret[0] != '\0', "no secret");
        must(b24_conf_webhook(&again, view(conf.base), &fault), "base is not accepted");
        must(strcmp(conf.base, again.base) == 0 && strcmp(conf.secret, again.secret) == 0,
             "base is read differently");
    } else {
        must(fault.kind == B24_CONFIG && fault.message[0] != '\0', "refused without a message");
    }
    b24_conf_free(&conf);
    b24_conf_free(&again);
}

static void portal(struct b24_view text) {
    struct b24_conf conf;
    struct b24_fault fault;
    start(&conf);
    if (b24_conf_token(&conf, text, view("token"), &fault)) check_base(&conf);
    b24_conf_free(&conf);
}

static void mask(struct b24_view text) {
    struct b24_conf conf;
    struct b24_fault fault;
    char *copy = malloc(text.n + 1);
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    start(&conf);
    must(b24_conf_webhook(&conf, view("https://portal.example/rest/1/s3cr3tw0rd/"), &fault),
         "the webhook is refused");
    b24_conf_mask(&conf, copy);
    must(strstr(copy, "s3cr3tw0rd") == NULL, "the secret is still there");
    b24_conf_free(&conf);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_view text = {(const char *)data, size};
    webhook(text);
    portal(text);
    mask(text);
    return 0;
}
