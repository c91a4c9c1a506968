/* os/columns.h: how wide text stands on a terminal, and how wide the terminal is. */
#ifndef B24_OS_COLUMNS_H
#define B24_OS_COLUMNS_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Columns of the text, by libc's wcwidth for UTF-8: Chinese, Japanese, Korean and emoji take two,
   combining characters none. Bytes that are not UTF-8 and characters that libc does not know take
   one. */
size_t b24_columns(struct b24_view text);

/* The beginning of the text that takes at most `max` columns, with all that combines with its last
   character. */
struct b24_view b24_columns_cut(struct b24_view text, size_t max);

/* The size of the terminal at fd, in characters. False: it is none, or does not tell. */
bool b24_window(int fd, int *columns, int *lines);

B24_PRIVATE_END
#endif
