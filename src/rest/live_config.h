/* rest/live_config.h: what the portal says of its push server: where the user's own channel is, who
   may read it, and until when. */
#ifndef B24_REST_LIVE_CONFIG_H
#define B24_REST_LIVE_CONFIG_H

#include "base/buffer.h"
#include "base/fault.h"
#include "base/url.h"

B24_PRIVATE_BEGIN

#define B24_LIVE_ID_MAX 4096 /* bytes of a channel's id, which has 106, or of a JWT */

struct b24_live_config {
    char origin[B24_ORIGIN_MAX]; /* "https://rtc.example"; safe to show */
    char *base;                  /* the address of long polling, with its query if it has one */
    char *channel;               /* secret: whoever knows it reads all of the user's messages */
    char *client;  /* clientId, which the vendor's shared push server asks for; or NULL */
    bool is_token; /* `channel` is a JWT: version 5, which answers in JSON-RPC */
    int version;   /* of the push server; 0: not said */
    b24_ms life;   /* how long the channel will last, from the answer on */
};

/* Reads the whole reply to pull.config.get, pull.api.config.get or pull.application.config.get.
   `allow_http`: plain http to loopback will do, and is taken first. `wall`: seconds since 1970, for
   portals that do not tell their own time. False: `fault`, and the config is empty. Free it all the
   same. */
bool b24_live_config_read(struct b24_live_config *config, struct b24_view reply, bool allow_http,
                          double wall, struct b24_fault *fault);

/* The channel is another one from now on. False: it is unusable, or no memory. */
bool b24_live_config_swap(struct b24_live_config *config, struct b24_view channel);

/* Writes the address to ask, BASE?CHANNEL_ID=ID&clientId=ID&mid=MID; `mid`: "" for none. False: no
   memory. */
bool b24_live_config_url(const struct b24_live_config *config, const char *mid,
                         struct b24_buffer *out);

/* Wipes what is secret. Safe on a zeroed one, and twice. */
void b24_live_config_free(struct b24_live_config *config);

B24_PRIVATE_END
#endif
