/* lua/system.h: codec.system, what the command line needs of the operating system. */
#ifndef B24_LUA_SYSTEM_H
#define B24_LUA_SYSTEM_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* [0, 0] Sets the member `system` of the table on top. */
void b24L_open_system(lua_State *L);

/* lua/app_file.c: system.app([name]) -> {path=, client_id=, client_endpoint=, member_id=, user_id=,
   scope=, status=, expires=, …}: what is no secret in the file of an application's tokens | nil,
   message, info; NO_CREDENTIAL: there is none */
int b24L_system_app(lua_State *L);

/* system.app_path([name]) -> where that file is | nil, message, info */
int b24L_system_app_path(lua_State *L);

/* system.app_take(from, to [, user_id]) -> true | nil, message, info: a log-in's file takes the
   place of another, whoever renews that now; user_id: whose tokens these are, which the answer to a
   code does not tell */
int b24L_system_app_take(lua_State *L);

/* lua/login.c: logging in with a browser. */
int b24L_system_state(lua_State *L);
int b24L_system_listen(lua_State *L);
int b24L_system_redirect(lua_State *L);
int b24L_system_reset(lua_State *L);

/* [0, 0] Registers the listener's type. */
void b24L_open_listener(lua_State *L);

B24_PRIVATE_END
#endif
