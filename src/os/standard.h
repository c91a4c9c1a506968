/* os/standard.h: the numbers 0, 1 and 2, which belong to standard input, output and errors also
   where these are closed: a program prints to whatever has the number. */
#ifndef B24_OS_STANDARD_H
#define B24_OS_STANDARD_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Moves a descriptor of b24's own above 2; no child gets it. -1: there is none, see errno. */
int b24_above_standard(int fd);

/* While somebody else's library opens descriptors: closed standard streams are taken meanwhile.
   What it answers is for b24_leave_standard. */
int b24_hold_standard(void);
void b24_leave_standard(int held);

/* For a program of its own, once at its start: closed standard streams are opened so that using
   them still fails, and nothing else gets their numbers. */
void b24_fill_standard(void);

/* Has what is written to fd a reader that can go: is it a pipe or socket? */
bool b24_has_reader(int fd);

/* Has it gone? */
bool b24_reader_gone(int fd);

B24_PRIVATE_END
#endif
