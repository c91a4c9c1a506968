/* os/random.h: what nobody can guess. */
#ifndef B24_OS_RANDOM_H
#define B24_OS_RANDOM_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* From the system's generator. False: there is none, see errno. */
bool b24_random_bytes(unsigned char *out, size_t n);

B24_PRIVATE_END
#endif
