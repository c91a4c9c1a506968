/* json/members.h: the members of an object in a checked text, one by one, without reading what is
   in them. */
#ifndef B24_JSON_MEMBERS_H
#define B24_JSON_MEMBERS_H

#include "json/check.h"

B24_PRIVATE_BEGIN

struct b24_json_members {
    const struct b24_json_plan *plan;
    const char *p;
    size_t container; /* index in the plan's sizes of the next container */
};

/* `object`: a member of the text that the plan is of, whose value is an object. */
void b24_json_members_begin(struct b24_json_members *it, const struct b24_json_plan *plan,
                            const struct b24_json_member *object);

/* False: there are no more. */
bool b24_json_members_next(struct b24_json_members *it, struct b24_json_member *member);

B24_PRIVATE_END
#endif
