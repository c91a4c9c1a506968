/* The entry point of b24/codec.so; b24/core.so has its own. */
#include "lua/binding.h"
#include "os/keep_loaded.h"

int luaopen_b24_codec(lua_State *L) {
    /* Objects of either module may have finalisers of the other (one type name serves both):
     * neither may go first. */
    b24_pin((const void *)B24_VERSION);
    b24L_open_codec(L);
    return 1;
}
