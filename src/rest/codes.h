/* rest/codes.h: the portal's error codes: what each means for a caller. One table. */
#ifndef B24_REST_CODES_H
#define B24_REST_CODES_H

#include "base/fault.h"

B24_PRIVATE_BEGIN

enum b24_repeat {
    B24_NEVER,    /* the same call will fail again */
    B24_LATER,    /* the same call may succeed after a pause; it is not known whether it ran */
    B24_UNRUN,    /* the same call may succeed after a pause; it did not run */
    B24_LATER_5XX /* only if the status was 5xx */
};

struct b24_code {
    const char *name;
    enum b24_kind kind;
    enum b24_repeat repeat;
    const char *hint; /* one sentence: what to do next */
};

/* What to make of an error body: looks at the code first (any letter case), at the status second.
 * Never NULL. */
const struct b24_code *b24_code_find(const char *code, int status);

/* The same for what a token server says: the same words mean other things there. */
const struct b24_code *b24_code_of_token_server(const char *code, int status);

/* The hint where the portal sent a code and no words for it. */
const char *b24_code_silent_hint(const struct b24_code *code);

/* What the code means for this method beyond that; NULL: nothing. */
const char *b24_code_method_hint(const char *code, const char *method);

/* What to make of a reply without an error body, by its status alone. Never NULL. */
const struct b24_code *b24_code_of_status(int status);

B24_PRIVATE_END
#endif
