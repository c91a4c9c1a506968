/* rest/outcome_text.h: results that stay text; for outcome.c only. */
#ifndef B24_REST_OUTCOME_TEXT_H
#define B24_REST_OUTCOME_TEXT_H

#include "rest/outcome.h"

B24_PRIVATE_BEGIN

/* A good reply whose result, or that of a batch's commands, stays text, as `as_text` and `as_parts`
   ask. False: it is to be read as a tree, like all others; the outcome is to be freed. */
bool b24_outcome_take_text(struct b24_outcome *outcome, const struct b24_conf *conf,
                           const struct b24_reply *reply);

/* Copies the reply's text into `body`. */
void b24_outcome_keep_body(struct b24_outcome *outcome, struct b24_view body);

B24_PRIVATE_END
#endif
