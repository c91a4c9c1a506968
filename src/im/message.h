/* im/message.h: what a message holds, as text for people. Each function appends a line of its own
   (or several) to what `out` has. False: `out` has failed. */
#ifndef B24_IM_MESSAGE_H
#define B24_IM_MESSAGE_H

#include "base/buffer.h"

B24_PRIVATE_BEGIN

struct b24_file {
    struct b24_view name, type; /* empty: not known; type: "image", "audio", "video", "file", … */
    double size;                /* bytes; negative: not known */
    bool voice_note, video_note;
};

/* The text, without its markup; nothing for an empty one. */
bool b24_message_text(struct b24_buffer *out, struct b24_view raw);

/* "[contract.pdf, 120 KB]" */
bool b24_message_file(struct b24_buffer *out, const struct b24_file *file);

/* "[what]", "[what detail]" */
bool b24_message_note(struct b24_buffer *out, const char *what, struct b24_view detail);

/* "text", "text (address)": a link, an entry of a table. Empty: not there. */
bool b24_message_pair(struct b24_buffer *out, struct b24_view text, const char *between,
                      struct b24_view address, const char *behind);

B24_PRIVATE_END
#endif
