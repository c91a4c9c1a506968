/* lua/system.h: codec.system, what the command line needs of the operating system. */
#ifndef B24_LUA_SYSTEM_H
#define B24_LUA_SYSTEM_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, 0] Sets the member `system` of the table on top. */
void b24L_open_system(lua_State *L);

B24_PRIVATE_END
#endif
