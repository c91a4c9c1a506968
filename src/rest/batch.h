/* rest/batch.h: the text form of batch commands, "method?query". */
#ifndef B24_REST_BATCH_H
#define B24_REST_BATCH_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

#define B24_BATCH_MAX   50          /* commands in one request (the server's BATCH_MAX_LENGTH) */
#define B24_BATCH_BYTES (64u << 20) /* of a request; portals refuse far smaller ones */

/* The key of command `id` in a request: "c7". Never a number: PHP would write answers under numbers
 * as lists. */
void b24_batch_key(int id, char out[32]);

/* Percent-encodes everything but letters, digits and "-_.~". False: no memory, or over the bound.
 */
bool b24_query_escape(struct b24_buffer *out, struct b24_view text);

/* Would the server take something in this text for a reference to another command ($result, $next,
   $total, $time, $error), and replace it with all that stands after it up to the next blank? */
bool b24_batch_reference(struct b24_view text);

/* Does a command carry these params (JSON) as a plain call does? A query knows only text: null,
   true, false and empty lists come to something else; PHP reads at most 1,000 values of one, takes
   brackets in names for its own, and fills in references. Positional params depend on their order.
   False too without memory. */
bool b24_batch_exact(struct b24_view params);

B24_PRIVATE_END
#endif
