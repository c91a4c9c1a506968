/* im/counts.h: the numbers of a counters answer, flat: what totals, dialogs, diff, why and inbox
   compute on. Filled from a Lua table or a cJSON tree. */
#ifndef B24_IM_COUNTS_H
#define B24_IM_COUNTS_H

#include <cjson/cJSON.h>

#include "im/sections.h"

B24_PRIVATE_BEGIN

#define B24_ID_MAX 20  /* digits of an id; 2^64 has 20 */
#define B24_CAP    100 /* the most that newer servers report of a chat (CounterOverflowService) */

struct b24_count {
    char id[B24_ID_MAX + 1]; /* digits, not beginning with 0 */
    enum b24_section section;
    bool mark;     /* from the list of marks */
    double unread; /* 0 for a mark, else more */
};

struct b24_total {
    char *name;
    double value;
};

/* All zero: empty. */
struct b24_counts {
    struct b24_count *list;
    size_t n, room;
    struct b24_total *totals; /* of one name several: the last counts */
    size_t totals_n, totals_room;
    bool capped;    /* a count that is part of the totals is at the cap */
    bool no_memory; /* something is missing */
};

/* A number that may be unknown, which is not 0. */
struct b24_known {
    bool known;
    double value;
};

/* Is it a whole number that a double holds exactly? */
bool b24_is_count(double value);

/* The number under `id` in a map of that section; level 2: in a map inside that. Ids that are none
   and counts of 0 are passed over. */
void b24_counts_add(struct b24_counts *c, enum b24_section section, int level, struct b24_view id,
                    double unread);

/* An id in the section's list of marks. */
void b24_counts_mark(struct b24_counts *c, enum b24_section section, struct b24_view id);

/* TYPE[name] */
void b24_counts_total(struct b24_counts *c, const char *name, double value);

/* All of a tree that b24_counters_shape was given. */
void b24_counts_read(struct b24_counts *c, const cJSON *counters);

struct b24_known b24_counts_find(const struct b24_counts *c, const char *total);

/* Digits that do not begin with 0, at most B24_ID_MAX. */
bool b24_id_parse(struct b24_view text, char id[B24_ID_MAX + 1]);

/* Numerical order of ids. */
int b24_id_compare(const char *a, const char *b);

void b24_counts_free(struct b24_counts *c);

B24_PRIVATE_END
#endif
