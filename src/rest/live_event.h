/* rest/live_event.h: what an event of the push server means for unread counters. An event is a
   hint: others may have sent it, and it never says how many are unread. */
#ifndef B24_REST_LIVE_EVENT_H
#define B24_REST_LIVE_EVENT_H

#include <cjson/cJSON.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

enum b24_live_effect {
    B24_LIVE_NOTHING,         /* counters stay as they are */
    B24_LIVE_COUNTERS,        /* they may have changed; also when nobody knows */
    B24_LIVE_NEW_CONFIG,      /* the channel ends: ask for another */
    B24_LIVE_NEW_CONFIG_SOON, /* the same, but not all of a portal's users at once */
    B24_LIVE_NEW_CHANNEL,     /* the channel's id is another one from now on */
    B24_LIVE_RESTART          /* the push server goes away for a moment */
};

/* `body`: {module_id, command, params, …}. `channel` is the new id of B24_LIVE_NEW_CHANNEL; it is
   the body's. */
enum b24_live_effect b24_live_effect_of(const cJSON *body, struct b24_view *channel);

B24_PRIVATE_END
#endif
