/* im/markup.h: the markup of Bitrix24's messages as text for people. */
#ifndef B24_IM_MARKUP_H
#define B24_IM_MARKUP_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

/* Appends `raw` (valid UTF-8) without its markup: names for [USER=5]…[/USER], "text (address)"
   for links, "> " in front of quoted lines, characters for coded emoji. A tag that is unknown,
   or is never closed, stays as it is. Takes time proportional to the length. False: `out` has
   failed. */
bool b24_markup_text(struct b24_buffer *out, struct b24_view raw);

B24_PRIVATE_END
#endif
