/* b24.file: what stands in the params of a call for the content of a file. It is opened by the
   call, so that what is wrong with it is the call's to answer. */
#include "lua/file.h"

#include <string.h>

#define FILE_TYPE "b24.file " B24_VERSION

/* b24.file(path) -> a value for params: the content, as Base64. Has .path and .name. */
int b24L_file(lua_State *L) {
    size_t n;
    if (lua_type(L, 1) != LUA_TSTRING)
        return b24L_throw(L, "a file is named by its path, a string, not a %s",
                          luaL_typename(L, 1));
    const char *path = lua_tolstring(L, 1, &n);
    if (n == 0 || strlen(path) != n) return b24L_throw(L, "this is no path of a file");
    char *copy = b24L_newobject(L, n + 1, FILE_TYPE);
    memcpy(copy, path, n + 1);
    return 1;
}

const char *b24L_file_path(lua_State *L, int index) {
    bool same = false;
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
    luaL_getmetatable(L, FILE_TYPE);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? lua_touserdata(L, index) : NULL;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int file_index(lua_State *L) {
    const char *path = luaL_checkudata(L, 1, FILE_TYPE), *key = luaL_checkstring(L, 2);
    if (strcmp(key, "name") == 0) lua_pushstring(L, last_part(path));
    else if (strcmp(key, "path") == 0) lua_pushstring(L, path);
    else lua_pushnil(L);
    return 1;
}

static int file_tostring(lua_State *L) {
    lua_pushfstring(L, "b24.file (%s)", (const char *)luaL_checkudata(L, 1, FILE_TYPE));
    return 1;
}

void b24L_open_file(lua_State *L) {
    static const luaL_Reg meta[] = {
        {"__index", file_index}, {"__tostring", file_tostring}, {NULL, NULL}};
    b24L_newtype(L, FILE_TYPE);
    b24L_setfuncs(L, meta);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushliteral(L, "b24.file");
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}
