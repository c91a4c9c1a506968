/* base/paste.h: what people and their tools put around a text that they paste. */
#ifndef B24_BASE_PASTE_H
#define B24_BASE_PASTE_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Without white space at both ends, also the kinds that nobody sees: a byte order mark, no-break
   and zero-width spaces, marks of direction. */
struct b24_view b24_trim_blanks(struct b24_view text);

/* The same, and without quotation marks and angle brackets. */
struct b24_view b24_trim(struct b24_view text);

/* The first line that is not blank, trimmed of blanks; empty if there is none. */
struct b24_view b24_first_line(struct b24_view text);

B24_PRIVATE_END
#endif
