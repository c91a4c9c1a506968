/* lua/http.h: HTTP/1.1 over sockets that Lua has, for hosts without libcurl. */
#ifndef B24_LUA_HTTP_H
#define B24_LUA_HTTP_H

#include "lua/compat.h"

B24_PRIVATE_BEGIN

/* [0, 0] Adds http_request, http_reply, cosocket_failure and may_yield to the module's table on
 * top. */
void b24L_open_http(lua_State *L);

B24_PRIVATE_END
#endif
