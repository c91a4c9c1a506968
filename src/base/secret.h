/* base/secret.h: comparing what must not be guessed. */
#ifndef B24_BASE_SECRET_H
#define B24_BASE_SECRET_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Are both the same? How long it takes depends on the length of `given` alone: not on where the
   two differ, from which somebody who may try often could learn the secret byte by byte. An empty
   secret is nobody's. */
bool b24_secret_same(struct b24_view secret, struct b24_view given);

B24_PRIVATE_END
#endif
