#include "curl/timers.h"

bool b24_timer_set(const struct b24_timer *timer) { return timer->prev != NULL; }

struct b24_timer *b24_timers_first(const struct b24_timers *timers) {
    return timers->root;
}

/* Two heaps become one; both are roots without siblings. Either may be NULL. */
static struct b24_timer *meld(struct b24_timer *a, struct b24_timer *b) {
    if (a == NULL || b == NULL) return a != NULL ? a : b;
    if (b->due < a->due) {
        struct b24_timer *t = a;
        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next != NULL) b->next->prev = b;
    a->child = b;
    return a;
}

/* The siblings from `t` on as one heap: melded in pairs, then the pairs from the last to the first.
 */
static struct b24_timer *meld_siblings(struct b24_timer *t) {
    struct b24_timer *pairs = NULL, *all = NULL;
    while (t != NULL) {
        struct b24_timer *a = t, *b = t->next;
        t = b != NULL ? b->next : NULL;
        a->next = NULL;
        if (b != NULL) b->next = NULL;
        a = meld(a, b);
        a->next = pairs; /* a stack for the way back */
        pairs = a;
    }
    while (pairs != NULL) {
        struct b24_timer *pair = pairs;
        pairs = pairs->next;
        pair->next = NULL;
        all = meld(all, pair);
    }
    return all;
}

static void set_root(struct b24_timers *timers, struct b24_timer *root) {
    timers->root = root;
    if (root != NULL) root->prev = root;
}

void b24_timers_add(struct b24_timers *timers, struct b24_timer *timer, b24_ms due) {
    *timer = (struct b24_timer){.due = due};
    set_root(timers, meld(timers->root, timer));
}

void b24_timers_remove(struct b24_timers *timers, struct b24_timer *timer) {
    if (!b24_timer_set(timer)) return;
    struct b24_timer *rest = meld_siblings(timer->child);
    if (timer == timers->root) {
        set_root(timers, rest);
    } else {
        if (timer->prev->child == timer) timer->prev->child = timer->next;
        else timer->prev->next = timer->next;
        if (timer->next != NULL) timer->next->prev = timer->prev;
        set_root(timers, meld(timers->root, rest));
    }
    timer->child = timer->next = timer->prev = NULL;
}
