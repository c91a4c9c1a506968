/* lua/file.h: files in the parameters of a call, and its body piece by piece. */
#ifndef B24_LUA_FILE_H
#define B24_LUA_FILE_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

/* ---- lua/file.c: b24.file. Registered by codec.c. */

int b24L_file(lua_State *L);
void b24L_open_file(lua_State *L);

/* [0, 0] The path of the value at `index`; NULL: it is not made by b24.file. */
const char *b24L_file_path(lua_State *L, int index);

/* ---- lua/params.c */

/* [0, 0] As b24L_encode_params, for what is sent: a file stands in `files`, opened, and between two
   quotes in `out` is its place. fault->kind is not B24_OK where one cannot be opened; what is
   answered then is for nobody. */
const char *b24L_encode_body(lua_State *L, int index, struct b24_buffer *out,
                             struct b24_files *files, struct b24_fault *fault);

/* ---- lua/body.c */

/* [0, +1] What `request` has for a body: a string, or where files stand in it a reader:
   body:read(n) -> string, or nil at its end, or nil, failure; body:rewind(). */
void b24L_push_body(lua_State *L, const struct b24_request *request);
void b24L_open_body(lua_State *L);
int b24L_file_size(lua_State *L); /* registered by codec.c */

B24_PRIVATE_END
#endif
