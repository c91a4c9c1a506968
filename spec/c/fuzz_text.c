/* Fuzzes texts of messages, on their way in and out. What is to be sent is valid UTF-8 without
   control characters, in parts that fit; it is shown as it was typed; nothing steers a terminal. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/neutral.h"
#include "base/text.h"
#include "im/markup.h"
#include "im/sendable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1u << 20)

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_text: %s\n", what);
    abort();
}

static bool same(struct b24_view a, struct b24_view b) {
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* Without what is allowed in `but`. */
static bool harmless(struct b24_view text, const char *but, bool steers) {
    const char *p = text.p, *end = text.p + text.n;
    while (p < end) {
        size_t n = b24_utf8_length(p, end);
        if (n == 0) return false;
        uint32_t code = b24_utf8_code(p, n);
        bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
        if (control && (code == 0 || code > 0x7F || strchr(but, (int)code) == NULL)) return false;
        if (!steers && b24_steers_text(code)) return false;
        p += n;
    }
    return true;
}

static void show(struct b24_view text) {
    struct b24_buffer line, again;
    b24_buffer_init(&line, MOST);
    b24_buffer_init(&again, MOST);
    must(b24_neutral(&line, text, false), "no line");
    must(harmless(b24_buffer_view(&line), "", false), "a terminal may be steered");
    b24_neutral(&again, b24_buffer_view(&line), true);
    must(same(b24_buffer_view(&line), b24_buffer_view(&again)), "harmless text is changed");
    b24_buffer_reset(&again, 0);
    must(b24_neutral_json(&again, text), "no JSON");
    b24_buffer_free(&line);
    b24_buffer_free(&again);
}

static void parts(struct b24_view text) {
    struct b24_view part;
    while ((part = b24_sendable_part(&text)).p != NULL) {
        must(!b24_sendable_empty(part), "an empty part");
        must(b24_sendable_fits(part), "a part is too long");
        must(b24_utf8_valid(part.p, part.n), "a part has half a character");
    }
    must(text.n == 0, "something is left");
}

static void send(struct b24_view text) {
    struct b24_buffer clean, plain, shown;
    b24_buffer_init(&clean, MOST);
    b24_buffer_init(&plain, MOST);
    b24_buffer_init(&shown, MOST);
    must(b24_sendable_clean(&clean, text), "not clean");
    must(harmless(b24_buffer_view(&clean), "\t\n", true), "a control character is sent");
    b24_sendable_plain(&plain, b24_buffer_view(&clean));
    must(b24_markup_text(&shown, b24_buffer_view(&plain)), "not shown");
    if (strstr(clean.n > 0 ? clean.p : "", "\xE2\x81\xA0") == NULL &&
        strstr(clean.n > 0 ? clean.p : "", ":f0") == NULL)
        must(same(b24_buffer_view(&clean), b24_buffer_view(&shown)), "not shown as typed");
    parts(b24_buffer_view(&plain));
    b24_buffer_free(&clean);
    b24_buffer_free(&plain);
    b24_buffer_free(&shown);
}

static void receive(struct b24_view text) {
    struct b24_buffer shown;
    b24_buffer_init(&shown, MOST);
    b24_markup_text(&shown, text);
    if (b24_utf8_valid(text.p, text.n))
        must(b24_utf8_valid(b24_buffer_view(&shown).p, shown.n), "half a character is shown");
    b24_buffer_free(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_view text = {(const char *)data, size};
    show(text);
    send(text);
    receive(text);
    return 0;
}
