/* The timers' heap against a plain list: timers_check ACTIONS. Random adds, removes and wakes; the
   first of the heap must always be the earliest of the list, and in the end all come out in order.
 */
#include "curl/timers.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMERS 300

static struct b24_timer timers[TIMERS];
static struct b24_timers heap;
static int set;

static _Noreturn void die(const char *what, long action) {
    fprintf(stderr, "timers_check: action %ld: %s\n", action, what);
    exit(1);
}

/* Its due time is what the list remembers: the heap must not touch it. */
static b24_ms due[TIMERS];
static bool is_set[TIMERS];

static b24_ms earliest(void) {
    b24_ms first = INT64_MAX;
    for (int i = 0; i < TIMERS; i++)
        if (is_set[i] && due[i] < first) first = due[i];
    return first;
}

static void check(long action) {
    const struct b24_timer *first = b24_timers_first(&heap);
    if ((first == NULL) != (set == 0)) die("the heap is empty, or not, against the list", action);
    if (first != NULL && first->due != earliest()) die("the first is not the earliest", action);
    if (first != NULL && !is_set[first - timers]) die("the first was removed", action);
    for (int i = 0; i < TIMERS; i++)
        if (b24_timer_set(&timers[i]) != is_set[i])
            die("a timer does not know whether it is set", action);
}

static void add(int i, unsigned span) {
    if (is_set[i]) return;
    due[i] = rand() % (int)span; /* a small span: many are due at the same time */
    is_set[i] = true;
    set++;
    b24_timers_add(&heap, &timers[i], due[i]);
}

static void drop(int i) {
    b24_timers_remove(&heap, &timers[i]); /* one that is not set, too */
    if (is_set[i]) set--;
    is_set[i] = false;
}

static void drop_first(void) {
    struct b24_timer *first = b24_timers_first(&heap);
    if (first != NULL) drop((int)(first - timers));
}

int main(int argc, char **argv) {
    long actions = argc > 1 ? atol(argv[1]) : 100000, most = 0;
    for (long n = 0; n < actions; n++) {
        bool growing = n / 1000 % 2 == 0; /* it fills and empties in turn */
        int what = rand() % 10, i = rand() % TIMERS;
        if (what < (growing ? 6 : 3)) add(i, n / 2000 % 2 == 0 ? 50 : 1000000);
        else if (what < (growing ? 8 : 7)) drop(i);
        else drop_first();
        if (set > most) most = set;
        check(n);
    }
    for (b24_ms last = -1; set > 0; drop_first()) {
        check(actions);
        if (b24_timers_first(&heap)->due < last) die("they came out in another order", actions);
        last = b24_timers_first(&heap)->due;
    }
    printf("timers: %ld adds and removes, up to %ld set, as the plain list says\n", actions, most);
    return 0;
}
