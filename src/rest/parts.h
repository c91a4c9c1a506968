/* rest/parts.h: a batch's answer without the results of its commands. Those stay text, as they are
   most of it; the rest becomes a small tree. */
#ifndef B24_REST_PARTS_H
#define B24_REST_PARTS_H

#include "rest/batch.h"
#include "json/check.h"

B24_PRIVATE_BEGIN

/* The results, in the order in which they stand in the text. */
struct b24_parts {
    size_t n;
    struct {
        const char *text;
        const struct b24_json_size *sizes;
    } part[B24_BATCH_MAX];
};

/* Appends the member `result` of the answer to `out`, with the number of each command's result in
   the place of it. False: it is not of the usual shape, or there is no memory. */
bool b24_parts_take(struct b24_parts *parts, const struct b24_json_plan *plan,
                    const struct b24_json_member *result, struct b24_buffer *out);

B24_PRIVATE_END
#endif
