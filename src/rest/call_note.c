/* What a log may report of a step. */
#include "rest/call_impl.h"

#include <string.h>

struct b24_note *b24_call_add_note(struct b24_call *c, const char *event) {
    struct b24_note *n =
        &c->notes[c->note_count < B24_NOTES_MAX ? c->note_count++ : B24_NOTES_MAX - 1];
    memset(n, 0, sizeof *n);
    n->event = event;
    n->attempt = c->outcome.attempts;
    n->wait = B24_NO_MS;
    return n;
}

void b24_call_note_outcome(struct b24_call *c, const char *event, const struct b24_outcome *what) {
    struct b24_note *n = b24_call_add_note(c, event);
    n->status = what->status;
    memcpy(n->code, what->code, sizeof n->code);
    memcpy(n->text, what->text, sizeof n->text);
}

const struct b24_note *b24_call_note(struct b24_call *c) {
    return c->notes_read < c->note_count ? &c->notes[c->notes_read++] : NULL;
}
