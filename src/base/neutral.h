/* base/neutral.h: what strangers wrote must not steer a terminal. */
#ifndef B24_BASE_NEUTRAL_H
#define B24_BASE_NEUTRAL_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

#define B24_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD, for what cannot be read */

/* A character that turns the direction of text, or ends a line where nobody sees it. */
bool b24_steers_text(uint32_t code);

/* Appends `text` without what could steer a terminal: a run of control characters (C0, DEL, C1)
   becomes one blank, what steers text is left out, bytes that are not UTF-8 become U+FFFD.
   `lines`: line ends stay. False: `out` has failed. */
bool b24_neutral(struct b24_buffer *out, struct b24_view text, bool lines);

/* Appends a JSON text with such characters escaped (\u009b), which is the same text to a parser.
   False: `out` has failed. */
bool b24_neutral_json(struct b24_buffer *out, struct b24_view json);

B24_PRIVATE_END
#endif
