/* mask.h: takes secrets out of texts that people or logs will see. Everything works in place: masked text is never
 * longer. */
#ifndef B24_MASK_H
#define B24_MASK_H

#include "common.h"

B24_PRIVATE_BEGIN

/* Replaces every occurrence of one secret by "***". Secrets under four bytes are left to b24_mask_text. */
void b24_mask_word(char *text, const char *secret);

/* Replaces what looks like a secret wherever it comes from: the webhook secret in any /rest/USER/SECRET path,
   USER:PASSWORD@ in URLs, and the values of auth=, token=, "client_secret": and their like. */
void b24_mask_text(char *text);

B24_PRIVATE_END
#endif
