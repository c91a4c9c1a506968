/* The answer of im.counters.get as Lua tables. */
#include "im/counters.h"

#include "lua/binding.h"
#include "lua/counts.h"
#include "json/document.h"

#define MAP_TYPE "b24.map " B24_VERSION
#define TEXT_MAX (64u << 20)

/* map[18] finds map["18"]. */
static int map_index(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number n = lua_tonumber(L, 2);
    if (lua_type(L, 2) != LUA_TNUMBER || n < -9007199254740992.0 || n > 9007199254740992.0 ||
        n != (lua_Number)(int64_t)n)
        return 0;
    char key[32], *p = key + sizeof key;
    int64_t v = (int64_t)n;
    uint64_t u = v < 0 ? (uint64_t)-v : (uint64_t)v;
    *--p = '\0';
    do *--p = (char)('0' + u % 10);
    while ((u /= 10) > 0);
    if (v < 0) *--p = '-';
    lua_pushstring(L, p);
    lua_rawget(L, 1);
    return 1;
}

/* [0, +1] An empty map that knows numbers; "object" also for encoders when it is empty (dkjson's
 * convention). */
static void new_map(lua_State *L, int size) {
    lua_createtable(L, 0, size);
    b24L_setmetatable(L, MAP_TYPE);
}

void b24L_open_counters(lua_State *L) {
    b24L_open_owned(L);
    b24L_newtype(L, MAP_TYPE);
    lua_pushcfunction(L, map_index);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "object");
    lua_setfield(L, -2, "__jsontype");
    lua_pop(L, 1);
}

static void push_map(lua_State *L, const cJSON *v, int levels, bool nulls);

/* [0, +1] nil for null, unless `nulls`. */
static void push_value(lua_State *L, const cJSON *v, int levels, bool nulls) {
    if (levels > 0 && cJSON_IsObject(v)) push_map(L, v, levels, nulls);
    else if (cJSON_IsNull(v) && !nulls) lua_pushnil(L);
    else b24L_push_json(L, v, nulls);
}

/* [0, +1] `levels` of maps, this one included. */
static void push_map(lua_State *L, const cJSON *v, int levels, bool nulls) {
    luaL_checkstack(L, 6, "counters");
    new_map(L, cJSON_GetArraySize(v));
    for (const cJSON *m = v->child; m != NULL; m = m->next) {
        lua_pushstring(L, m->string);
        push_value(L, m, levels - 1, nulls);
        lua_rawset(L, -3);
    }
}

bool b24L_push_counters(lua_State *L, cJSON *result, bool nulls) {
    enum b24_counters_answer answer = b24_counters_shape(result);
    if (answer == B24_COUNTERS_NONE) return false;
    if (answer == B24_COUNTERS_NO_MEMORY) luaL_error(L, "b24: the counters do not fit into memory");
    luaL_checkstack(L, 8, "counters");
    lua_createtable(L, 0, cJSON_GetArraySize(result));
    for (const cJSON *m = result->child; m != NULL; m = m->next) {
        lua_pushstring(L, m->string);
        push_value(L, m, b24_counters_levels(m), nulls);
        lua_rawset(L, -3);
    }
    return true;
}

/* A value of Lua on its way to a tree. */
struct copy {
    struct b24_buffer text;
    cJSON *tree;
};

static void release_copy(void *memory) {
    struct copy *copy = memory;
    b24_buffer_free(&copy->text);
    cJSON_Delete(copy->tree);
}

/* codec.as_counters(value [, nulls]) -> counters | nil: a value of b24.call or a batch, in the one
   shape that b24.counters has; nulls: keep them */
int b24L_as_counters(lua_State *L) {
    struct b24_json_error error = {.no_memory = false};
    bool nulls = lua_toboolean(L, 2);
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct copy *copy = b24L_new_owned(L, sizeof *copy, release_copy);
    b24_buffer_init(&copy->text, TEXT_MAX);
    if (b24L_encode_params(L, 1, &copy->text) == NULL)
        copy->tree = b24_document_parse(b24_buffer_view(&copy->text), B24_DEPTH_MAX, &error);
    bool memory = copy->text.state != B24_BUFFER_NO_MEMORY && !error.no_memory;
    b24L_check_memory(L, memory);
    if (copy->tree == NULL || !b24L_push_counters(L, copy->tree, nulls)) lua_pushnil(L);
    b24L_release(L, 2);
    return 1;
}
