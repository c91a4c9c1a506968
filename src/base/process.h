/* base/process.h: which process this is, told without a system call each time; and seeds. */
#ifndef B24_BASE_PROCESS_H
#define B24_BASE_PROCESS_H

#include <stdint.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

/* The id of this process; in a forked child that child's, however it was forked. */
long b24_process(void);

/* Differs between calls, processes and machines; nothing secret. */
uint64_t b24_seed(void);

B24_PRIVATE_END
#endif
