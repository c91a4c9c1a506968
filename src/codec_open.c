/* The entry point of b24/codec.so; b24/core.so has its own. */
#include "binding.h"

int luaopen_b24_codec(lua_State *L) {
    b24_open_codec(L);
    return 1;
}
