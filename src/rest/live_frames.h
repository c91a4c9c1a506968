/* rest/live_frames.h: cuts what the push server answered into events: texts between markers, or
   JSON, an object or an array of them. */
#ifndef B24_REST_LIVE_FRAMES_H
#define B24_REST_LIVE_FRAMES_H

#include <cjson/cJSON.h>

#include "base/buffer.h"

B24_PRIVATE_BEGIN

#define B24_LIVE_REPLY_MAX (1u << 20) /* bytes: what a push server lets through in one message */
#define B24_MID_DIGITS     26 /* of a message's number: 10 of the server's start, 16 of its own */

struct b24_live_frames {
    struct b24_view rest; /* what was not read yet */
    cJSON *root, *next;   /* of a body that is JSON: what comes next in it */
    cJSON *frame;         /* the current one between markers */
    bool is_json;
    bool cut;       /* the body ends in the middle of a frame: the server will send it again */
    bool no_memory; /* for a frame, which was not read */
};

struct b24_live_frame {
    const cJSON *body;            /* {module_id, command, params}; NULL: it cannot be read */
    char mid[B24_MID_DIGITS + 1]; /* "": it has none that the server would take back */
    bool is_other;                /* JSON-RPC that is no event */
};

/* `body` must stay where it is, with a NUL behind it. False: this is no answer of a push server. */
bool b24_live_frames_begin(struct b24_live_frames *frames, struct b24_view body);

/* The next whole frame; what it points to is valid until the next call. False: there are no more.
 */
bool b24_live_frames_next(struct b24_live_frames *frames, struct b24_live_frame *frame);

void b24_live_frames_end(struct b24_live_frames *frames);

/* Is this what the server calls a message's number? */
bool b24_live_is_mid(struct b24_view text);

B24_PRIVATE_END
#endif
