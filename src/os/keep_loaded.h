/* os/keep_loaded.h: keeps a module in memory. */
#ifndef B24_OS_KEEP_LOADED_H
#define B24_OS_KEEP_LOADED_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* The shared object that holds `address` is never unloaded again: libcurl may have threads in it
   when lua_close calls dlclose. The Makefile links with -z nodelete; LuaRocks' builtin build passes
   no linker flags. */
void b24_pin(const void *address);

B24_PRIVATE_END
#endif
