/* What a log may report of a step. */
#include "rest/call_impl.h"

#include <stddef.h>
#include <string.h>

struct b24_note *b24_call_add_note(struct b24_call *c, const char *event) {
    struct b24_note *n =
        &c->notes[c->note_count < B24_NOTES_MAX ? c->note_count++ : B24_NOTES_MAX - 1];
    memset(n, 0, offsetof(struct b24_note, code));
    n->code[0] = n->text[0] = '\0';
    n->event = event;
    n->attempt = c->outcome.attempts;
    n->wait = B24_NO_MS;
    return n;
}

void b24_call_note_outcome(struct b24_call *c, const char *event, const struct b24_outcome *what) {
    struct b24_note *n = b24_call_add_note(c, event);
    n->status = what->status;
    memcpy(n->code, what->code, strlen(what->code) + 1); /* mostly "" */
    memcpy(n->text, what->text, strlen(what->text) + 1);
}

const struct b24_note *b24_call_note(struct b24_call *c) {
    return c->notes_read < c->note_count ? &c->notes[c->notes_read++] : NULL;
}
