/* lua/text.h: text that grows while tables are read. */
#ifndef B24_LUA_TEXT_H
#define B24_LUA_TEXT_H

#include "base/buffer.h"
#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, +1] An empty buffer that belongs to Lua. */
struct b24_buffer *b24L_new_text(lua_State *L);

/* [0, +1] The buffer's content as a string; throws if the buffer has failed. Empties it. */
void b24L_push_text(lua_State *L, struct b24_buffer *text);

/* [0, 0] Throws if the buffer has failed. */
void b24L_check_text(lua_State *L, const struct b24_buffer *text);

/* [0, 0] Registers the type of such buffers. */
void b24L_open_text_type(lua_State *L);

/* [0, 0] Sets the functions about text in the table on top. */
void b24L_open_text(lua_State *L);

B24_PRIVATE_END
#endif
