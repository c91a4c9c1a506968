#include <stdio.h>
#include <string.h>

#include "lua/binding.h"

void b24L_push_null(lua_State *L) { lua_pushlightuserdata(L, NULL); }

void b24L_push_number(lua_State *L, double v) {
    bool integral = v >= -B24_EXACT_MAX && v <= B24_EXACT_MAX && v == (double)(int64_t)v;
#if LUA_VERSION_NUM >= 503
    if (integral && (double)(lua_Integer)v == v) {
        lua_pushinteger(L, (lua_Integer)v);
        return;
    }
#endif
    lua_pushnumber(L, integral && v == 0 ? 0 : (lua_Number)v); /* -0 is 0 too */
}

size_t b24L_number_text(lua_State *L, int index, char out[B24_NUMBER_MAX]) {
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) return b24_integer_text(lua_tointeger(L, index), out);
#endif
    double v = (double)lua_tonumber(L, index);
    if (v - v != 0) return 0; /* infinity, NaN */
    if (v >= -B24_EXACT_MAX && v <= B24_EXACT_MAX && v == (double)(int64_t)v)
        return b24_integer_text((int64_t)v, out);
    return b24_double_text(v, out);
}

static void push_value(lua_State *L, const cJSON *v, bool nulls);

static void push_object(lua_State *L, const cJSON *object, bool nulls) {
    lua_createtable(L, 0, cJSON_GetArraySize(object));
    for (const cJSON *m = object->child; m != NULL; m = m->next) {
        lua_pushlstring(L, m->string, strlen(m->string));
        if (cJSON_IsNull(m) && !nulls)
            lua_pushnil(L); /* also takes back an earlier member of that name */
        else push_value(L, m, nulls);
        lua_rawset(L, -3);
    }
}

static void push_array(lua_State *L, const cJSON *array, bool nulls) {
    int i = 0;
    lua_createtable(L, cJSON_GetArraySize(array), 0);
    for (const cJSON *v = array->child; v != NULL; v = v->next) {
        push_value(L, v, nulls);
        lua_rawseti(L, -2, ++i);
    }
}

/* Recursion is bounded by the check's depth limit. */
static void push_value(lua_State *L, const cJSON *v, bool nulls) {
    luaL_checkstack(L, 4, "JSON value");
    switch (v->type & 0xFF) {
    case cJSON_False: lua_pushboolean(L, 0); break;
    case cJSON_True: lua_pushboolean(L, 1); break;
    case cJSON_Number: b24L_push_number(L, v->valuedouble); break;
    case cJSON_String: lua_pushlstring(L, v->valuestring, strlen(v->valuestring)); break;
    case cJSON_Array: push_array(L, v, nulls); break;
    case cJSON_Object: push_object(L, v, nulls); break;
    default: b24L_push_null(L);
    }
}

void b24L_push_json(lua_State *L, const cJSON *v, bool nulls) { push_value(L, v, nulls); }
