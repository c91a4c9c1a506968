/* The yardsticks in C: one call after the other on one handle.

       loop bare     WEBHOOK METHOD N CA_FILE [default]   libcurl alone, as a careful C program
   would use it loop transfer WEBHOOK METHOD N CA_FILE             b24's transfer layer: no Lua,
   nothing decoded

   One call that is not counted; then, for every line on standard input, N calls and a line with the
   CPU microseconds of one (user + system). `default` leaves CAPATH as libcurl was built: what
   everybody gets who does not touch it. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "curl/transfer.h"

static const char empty[] = "{}";

static void die(const char *what) {
    fprintf(stderr, "bench loop: %s\n", what);
    exit(1);
}

static double cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void turns(int n, void (*call)(void *), void *arg) {
    char line[100];
    call(arg);
    while (fgets(line, sizeof line, stdin) != NULL) {
        double begun = cpu();
        for (int i = 0; i < n; i++) call(arg);
        printf("%.3f\n", (cpu() - begun) / n);
        fflush(stdout);
    }
}

/* ------------------------------------------------------------ bare */

struct bare {
    CURL *easy;
    struct b24_buffer body;
};

static size_t on_body(char *p, size_t size, size_t n, void *arg) {
    return b24_buffer_add(arg, p, size * n) ? size * n : 0;
}

static void bare_call(void *arg) {
    struct bare *b = arg;
    b24_buffer_reset(&b->body, B24_REPLY_DEFAULT);
    if (curl_easy_perform(b->easy) != CURLE_OK) die("bare: a call failed");
}

/* The same request, byte by byte, as b24 sends it. */
static void bare_new(struct bare *b, const char *url, const char *ca_file, bool keep_default) {
    struct curl_slist *lines = curl_slist_append(NULL, "Content-Type: application/json");
    lines = curl_slist_append(lines, "Accept: application/json");
    lines = curl_slist_append(lines, "User-Agent: " B24_USER_AGENT);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *easy = b->easy = curl_easy_init();
    if (easy == NULL || lines == NULL) die("no memory");
    b24_buffer_init(&b->body, B24_REPLY_DEFAULT);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, empty);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &b->body);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    if (!keep_default)
        curl_easy_setopt(easy, CURLOPT_CAPATH,
                         NULL); /* libcurl's CA cache works only without one */
}

/* ------------------------------------------------------------ b24's transfer */

struct layer {
    struct b24_transfer *transfer;
    struct b24_conf conf;
    struct b24_request_text text;
    struct b24_request request;
};

static bool never(void *arg) {
    (void)arg;
    return false;
}

static void layer_call(void *arg) {
    struct layer *l = arg;
    struct b24_interrupt interrupt = {never, NULL};
    struct b24_event event;
    b24_transfer_send(l->transfer, &l->conf, &l->request, &interrupt, &event);
    if (event.type != B24_REPLY) die("transfer: a call failed");
}

static struct b24_view view(const char *s) { return (struct b24_view){s, strlen(s)}; }

static void layer_new(struct layer *l, const char *webhook, const char *method,
                      const char *ca_file) {
    struct b24_fault fault;
    l->transfer = b24_transfer_new();
    b24_conf_init(&l->conf);
    l->conf.allow_http = true;
    if (l->transfer == NULL || !b24_conf_webhook(&l->conf, view(webhook), &fault) ||
        !b24_conf_string(&l->conf.ca_file, view(ca_file), &fault) ||
        !b24_request_build(&l->text, &l->conf, view(method), view("")))
        die("transfer: unusable arguments");
    l->request = (struct b24_request){.url = l->text.url,
                                      .body = view(l->text.body),
                                      .serial = l->conf.serial,
                                      .headers = l->text.headers,
                                      .timeout = l->conf.timeout,
                                      .repeatable = true};
}

int main(int argc, char **argv) {
    char url[B24_URL_MAX];
    struct bare bare;
    struct layer layer;
    int n = argc > 5 ? atoi(argv[4]) : 0;
    if (n < 1) die("usage: loop bare|transfer WEBHOOK METHOD N CA_FILE [default]");
    snprintf(url, sizeof url, "%s%s", argv[2], argv[3]);
    if (strcmp(argv[1], "transfer") == 0) {
        layer_new(&layer, argv[2], argv[3], argv[5]);
        turns(n, layer_call, &layer);
    } else {
        bare_new(&bare, url, argv[5], argc > 6);
        turns(n, bare_call, &bare);
    }
}
