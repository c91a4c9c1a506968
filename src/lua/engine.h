/* lua/engine.h: the engine as Lua sees it; in b24.core only. */
#ifndef B24_LUA_ENGINE_H
#define B24_LUA_ENGINE_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, 0] Registers the type and sets core.engine in the table on top. */
void b24L_open_engine(lua_State *L);

B24_PRIVATE_END
#endif
