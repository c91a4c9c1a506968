/* Fuzzes codec.decode. What it accepts, lua-cjson must accept too and read as the same value; what
   it refuses, it refuses with nil and a message, never as "out of memory": there is memory. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lua/binding.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Integers beyond 2^53 and numbers over 63 bytes are strings in ours; lua-cjson rounds them. */
static const char check[] =
    "local decode, cjson = (...).decode, require 'cjson'\n"
    "local function same(a, b)\n"
    "  if a == b then return true end\n"
    "  if type(a) == 'string' and type(b) == 'number' then\n"
    "    return tonumber(a:find '[eE]' and a or a .. 'e0') == b + 0.0\n"
    "  end\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return false end\n"
    "  for k, v in pairs(a) do if not same(v, b[k]) then return false end end\n"
    "  for k in pairs(b) do if a[k] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "return function(text)\n"
    "  local ours, message = decode(text, { nulls = true })\n"
    "  if message then\n"
    "    assert(ours == nil and message:find('^b24: not usable JSON: '), 'neither value nor "
    "message')\n"
    "    assert(not message:find('memory', 1, true), message)\n"
    "  else\n"
    "    assert(same(ours, cjson.decode((text:gsub('^\\239\\187\\191', '')))), 'lua-cjson reads "
    "something else')\n"
    "  end\n"
    "end\n";

static lua_State *L;

static void must(int status) {
    if (status == 0) return;
    fprintf(stderr, "fuzz_decode: %s\n", lua_tostring(L, -1));
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    L = luaL_newstate();
    luaL_openlibs(L);
    must(luaL_loadstring(L, check));
    lua_pushcfunction(L, luaopen_b24_codec);
    must(lua_pcall(L, 0, 1, 0));
    must(lua_pcall(L, 1, 1, 0));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lua_pushvalue(L, 1);
    lua_pushlstring(L, (const char *)data, size);
    must(lua_pcall(L, 1, 0, 0));
    lua_gc(L, LUA_GCCOLLECT,
           0); /* so that libFuzzer does not suspect a leak and search for it, which is slow */
    return 0;
}
