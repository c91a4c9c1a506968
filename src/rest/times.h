/* rest/times.h: the time block of a reply, as portals write it: all its members known, so that it
   needs neither a tree nor a mask. */
#ifndef B24_REST_TIMES_H
#define B24_REST_TIMES_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* X(name, is it a date?) */
#define B24_TIMES(X)                                                                               \
    X(start, 0)                                                                                    \
    X(finish, 0)                                                                                   \
    X(duration, 0)                                                                                 \
    X(processing, 0)                                                                               \
    X(date_start, 1)                                                                               \
    X(date_finish, 1)                                                                              \
    X(operating_reset_at, 0)                                                                       \
    X(operating, 0)

enum b24_time_name {
#define X(name, date) B24_TIME_##name,
    B24_TIMES(X)
#undef X
        B24_TIME_COUNT
};

#define B24_DATE_MAX 25 /* bytes of a date with an offset and no fraction of a second */

struct b24_times {
    bool known; /* the block was read here; false: it has something else in it, or there is none */
    unsigned seen; /* bit i: it has member i */
    double number[B24_TIME_COUNT];
    char date[2][B24_DATE_MAX + 1]; /* date_start, date_finish */
};

/* `text`: a value of a text that has passed the check. Sets `known`. */
void b24_times_read(struct b24_times *times, struct b24_view text);

const char *b24_time_name(enum b24_time_name name);
bool b24_time_is_date(enum b24_time_name name);

/* NULL: it has none. */
const double *b24_time_number(const struct b24_times *times, enum b24_time_name name);

/* The same names, and dates: no secret fits into them. */
bool b24_time_harmless(const char *text, size_t n);

B24_PRIVATE_END
#endif
