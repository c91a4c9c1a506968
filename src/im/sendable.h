/* im/sendable.h: a text that a program wrote, as messages that Bitrix24 takes. */
#ifndef B24_IM_SENDABLE_H
#define B24_IM_SENDABLE_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

/* The portal cuts what is longer, and says nothing. Counted in UTF-16 units: never fewer than the
   characters that PHP counts, and what its column (64 KB) has room for in any script. */
#define B24_MESSAGE_UNITS 20000

#define B24_PARTS_MAX 50 /* a chat is no place for a whole log; the limiter's bucket holds 50 */

#define B24_PART_HEAD 16 /* units kept free for "(50/50)" and a line end */

/* Appends `text` as people would see it at a terminal, without what only a terminal understands:
   escape sequences and control characters are left out, of a line that was written over (\r, as
   progress bars do) the last state stays, bytes that are not UTF-8 become U+FFFD. False: `out` has
   failed. */
bool b24_sendable_clean(struct b24_buffer *out, struct b24_view text);

/* Appends `text` so that the portal finds no markup in it: it is shown as typed. */
bool b24_sendable_plain(struct b24_buffer *out, struct b24_view text);

/* Nothing but blanks? The portal sends no such message. */
bool b24_sendable_empty(struct b24_view text);

/* Does it fit into one message? */
bool b24_sendable_fits(struct b24_view text);

/* Cuts the next part off the front of *text: up to the last line end that leaves room for a head,
   else to the last blank, else to the last whole character. {NULL, 0}: nothing is left. */
struct b24_view b24_sendable_part(struct b24_view *text);

/* Where in `text` stands what is at byte `at` of its plain form, between two characters? */
size_t b24_sendable_origin(struct b24_view text, struct b24_view plain, size_t at);

B24_PRIVATE_END
#endif
