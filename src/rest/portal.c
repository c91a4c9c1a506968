#include "rest/portal.h"

#include <string.h>

void b24_portal_init(struct b24_portal *p) {
    memset(p, 0, sizeof *p);
    b24_keeper_init(&p->alone);
    p->limiter = &p->alone;
}

void b24_portal_note_reset(struct b24_portal *p, const char *method, b24_ms at) {
    struct b24_reset *slot = NULL;
    for (size_t i = 0; i < B24_RESETS; i++)
        if (strcmp(p->resets[i].method, method) == 0) slot = &p->resets[i];
    if (slot == NULL) {
        slot = &p->resets[p->next_reset];
        p->next_reset = (p->next_reset + 1) % B24_RESETS;
        strncpy(slot->method, method, B24_METHOD_MAX);
        slot->method[B24_METHOD_MAX] = '\0';
    }
    slot->at = at;
}

b24_ms b24_portal_reset(const struct b24_portal *p, const char *method) {
    for (size_t i = 0; i < B24_RESETS; i++)
        if (strcmp(p->resets[i].method, method) == 0) return p->resets[i].at;
    return B24_NO_MS;
}
