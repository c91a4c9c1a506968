/* Fuzzes what the push server and the portal say of it. The first byte says what the rest is: the
   configuration, or the body of a poll, cut where the second byte says. Whatever they are: an
   address to ask is https; a number to go on from has 26 digits; whole or cut, the machine always
   has something to do next. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rest/live.h"
#include "rest/live_event.h"
#include "rest/live_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CONFIG[] =
    "{\"result\":{\"server\":{\"long_pooling_secure\":\"https://push.example/sub/\"},"
    "\"channels\":{\"private\":{\"id\":\"ab:cd.ef\",\"end\":\"2027-01-15T20:00:00+00:00\"}}}}";

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_live: %s\n", what);
    abort();
}

static void fuzz_config(struct b24_view text) {
    struct b24_live_config config = {.base = NULL};
    struct b24_fault fault;
    struct b24_buffer url;
    b24_buffer_init(&url, 1 << 20);
    if (b24_live_config_read(&config, text, false, 1800000000, &fault)) {
        must(b24_live_config_url(&config, "", &url), "no address");
        /* A scheme may be written in any case (RFC 3986 3.1), and libcurl takes it so. */
        must(strncasecmp(url.p, "https://", 8) == 0, "an address that is not https");
        must(strncmp(config.origin, "https://", 8) == 0, "an origin that is not https");
        must(strpbrk(url.p, " \r\n\"#@") == NULL || strchr(config.base, '@') != NULL,
             "an address with odd bytes");
        must(config.life >= 1000 && config.life <= 86400000, "a life without measure");
    } else {
        must(fault.code != NULL && fault.message[0] != '\0', "a fault without words");
        must(config.channel == NULL && config.base == NULL, "half a configuration");
    }
    b24_live_config_free(&config);
    b24_buffer_free(&url);
}

static void read_frames(struct b24_view body) {
    struct b24_live_frames frames;
    struct b24_live_frame frame;
    size_t n = 0;
    if (b24_live_frames_begin(&frames, body))
        while (b24_live_frames_next(&frames, &frame)) {
            struct b24_view channel = {"", 0}, mid = {frame.mid, strlen(frame.mid)};
            must(mid.n == 0 || b24_live_is_mid(mid), "a number that is none");
            (void)b24_live_effect_of(frame.body, &channel);
            must(++n <= body.n, "frames without end");
        }
    b24_live_frames_end(&frames);
}

/* The machine gets it as the answer to its first poll. */
static void fuzz_machine(const struct b24_conf *conf, struct b24_view body, int status) {
    struct b24_live *live = b24_live_new(conf, 1);
    struct b24_live_event event = {.type = B24_LIVE_GO};
    b24_live_next(live, &event, 0);
    event.type = B24_LIVE_CONFIG;
    event.as.config.reply = (struct b24_view){CONFIG, sizeof CONFIG - 1};
    event.as.config.wall = 1800000000;
    must(b24_live_next(live, &event, 0).type == B24_LIVE_POLL, "no poll");
    memset(&event, 0, sizeof event);
    event.type = B24_LIVE_REPLY;
    event.as.reply.status = status;
    event.as.reply.body = body;
    struct b24_live_action action = b24_live_next(live, &event, 2000);
    must(action.type != B24_LIVE_MISUSE, "nothing to do next");
    must(action.type != B24_LIVE_SLEEP || (action.sleep >= 500 && action.sleep <= 4320000),
         "a sleep without measure");
    b24_live_free(live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int statuses[] = {200, 304, 400, 404, 502};
    struct b24_conf conf;
    struct b24_fault fault;
    if (size < 2) return 0;
    char *text = malloc(size - 1); /* its end is the end of the memory */
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    struct b24_view all = {text, size - 2};
    if (data[0] == 'c') {
        fuzz_config(all);
    } else {
        size_t cut = data[1] < all.n ? data[1] : all.n;
        read_frames(all);
        b24_conf_init(&conf);
        must(b24_conf_webhook(&conf, (struct b24_view){"https://a.example/rest/1/abcdefgh/", 34},
                              &fault),
             "no conf");
        fuzz_machine(&conf, all, statuses[data[0] % 5]);
        text[cut] = '\0';
        fuzz_machine(&conf, (struct b24_view){text, cut}, 200);
        b24_conf_free(&conf);
    }
    free(text);
    return 0;
}
