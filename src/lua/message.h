/* lua/message.h: one message of a dialog. */
#ifndef B24_LUA_MESSAGE_H
#define B24_LUA_MESSAGE_H

#include "lua/inbox.h"

B24_PRIVATE_BEGIN

/* Stack indices of tables by id, made of all pages: names of people, files as the portal tells of
   them. */
struct b24L_known {
    int names, files;
};

/* [0, +1] The message at `raw` in our shape. */
void b24L_push_message(lua_State *L, int raw, const struct b24L_known *known);

/* [0, +1] What the newest message of a chat says in one line, from the list of chats: without
   markup, or the name of its file; nil: nothing. */
void b24L_push_last_message(lua_State *L, int message);

B24_PRIVATE_END
#endif
