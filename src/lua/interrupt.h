/* lua/interrupt.h: has the user pressed Ctrl-C? */
#ifndef B24_LUA_INTERRUPT_H
#define B24_LUA_INTERRUPT_H

#include "lua/compat.h"

B24_PRIVATE_BEGIN

/* lua.c answers SIGINT by setting a hook on the main thread, which raises an error as soon as Lua
 * code runs again. */
struct b24L_interrupt {
    lua_State *here, *main;
    lua_Hook hook_here, hook_main;
};

/* [0, 0] The hooks as they are now. */
struct b24L_interrupt b24L_watch_hooks(lua_State *L);

/* True once a hook differs. Fits struct b24_interrupt; `arg` is a struct b24L_interrupt. */
bool b24L_hook_changed(void *arg);

B24_PRIVATE_END
#endif
