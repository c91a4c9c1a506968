/* os/terminal.h: what a program on the command line asks of its terminal. */
#ifndef B24_OS_TERMINAL_H
#define B24_OS_TERMINAL_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Writes `prompt` to standard errors and reads one line from the terminal at descriptor 0 without
   showing it; its length without the line's end. -1: no terminal, its end, or `interrupted` said
   so. A signal that stops or ends the process finds a terminal that shows what is typed; after a
   stop it is silent again. */
long b24_terminal_secret(const char *prompt, char *out, size_t size, bool (*interrupted)(void *),
                         void *arg);

B24_PRIVATE_END
#endif
