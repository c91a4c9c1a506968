/* The answer of a batch, by the names of its commands. PHP writes each part as [] when it is empty,
   and as a list when its keys are 0, 1, …; ours never are (batch.h), so only [] is special. */
#include "lua/decode.h"
#include "json/document.h"

#define ERROR_TYPE "b24.error " B24_VERSION

static int error_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "text");
    return 1;
}

/* [0, +1] {kind=, code=, message=, hint=, retryable=, text=}; tostring gives the text. */
static void push_error(lua_State *L, const cJSON *error, const struct b24_conf *conf) {
    struct b24_outcome o;
    b24_outcome_init(&o);
    b24_outcome_command(&o, conf, error);
    lua_createtable(L, 0, 6);
    b24L_set_text(L, -1, "kind", b24_kind_name(o.kind));
    b24L_set_text(L, -1, "code", o.code);
    b24L_set_text(L, -1, "message", o.message);
    b24L_set_text(L, -1, "hint", o.hint);
    b24L_set_text(L, -1, "text", o.text);
    lua_pushboolean(L, o.retryable);
    lua_setfield(L, -2, "retryable");
    b24L_newtype(L, ERROR_TYPE);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
}

/* Indices of the tables that are filled. */
struct answer {
    int results, errors, not_reached, next, total, time;
};

/* [0, 0] target[name] = value on top [-1]; the name is at `name`. */
static void put(lua_State *L, int target, int name) {
    lua_pushvalue(L, name);
    lua_insert(L, -2);
    lua_rawset(L, target);
}

/* [0, +1] */
static void push_value(lua_State *L, const struct b24_outcome *o, const cJSON *value, bool nulls) {
    if (!o->in_parts) {
        b24L_push_json(L, value, nulls);
        return;
    }
    size_t i = (size_t)value->valuedouble; /* see rest/parts.h */
    b24L_push_checked(L, o->parts.part[i].text, o->parts.part[i].sizes, nulls);
}

/* [0, 0] What the portal says of one command. It may say nothing, or speak of it twice; it goes
   into exactly one of results, errors and not_reached. */
static void take_command(lua_State *L, const struct b24_outcome *o, const char *key, int name,
                         const struct answer *a, const struct b24_conf *conf) {
    const cJSON *result = o->result;
    const cJSON *value = b24_member(b24_member(result, "result"), key);
    const cJSON *error = b24_member(b24_member(result, "result_error"), key);
    const cJSON *next = b24_member(b24_member(result, "result_next"), key);
    const cJSON *total = b24_member(b24_member(result, "result_total"), key);
    if (error != NULL) {
        push_error(L, error, conf);
        put(L, a->errors, name);
    } else if (value != NULL) {
        push_value(L, o, value, conf->nulls);
        put(L, a->results, name);
    } else {
        lua_pushboolean(L, 1);
        put(L, a->not_reached, name);
    }
    if (cJSON_IsNumber(next)) {
        b24L_push_number(L, next->valuedouble);
        put(L, a->next, name);
    }
    if (cJSON_IsNumber(total)) {
        b24L_push_number(L, total->valuedouble);
        put(L, a->total, name);
    }
    b24L_push_time(L, conf, b24_member(b24_member(result, "result_time"), key));
    put(L, a->time, name);
}

/* [0, +1] A fresh table that is also table[name] of the one on top. */
static int new_part(lua_State *L, int answer, const char *name) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, answer, name);
    return lua_gettop(L);
}

/* ------------------------------------------------------------ is it whole? */

static const char *const parts[] = {"results", "errors", "not_reached"};

/* [0, 0] In how many parts is the name on top? `first`: stack index of the three. */
static int places(lua_State *L, int first) {
    int n = 0;
    for (int i = 0; i < 3; i++) {
        lua_pushvalue(L, -1);
        lua_rawget(L, first + i);
        n += !lua_isnil(L, -1);
        lua_pop(L, 1);
    }
    return n;
}

/* [0, 0] The name on top must be in one part. */
static void check_name(lua_State *L, int first) {
    int n = places(L, first);
    if (n != 1) luaL_error(L, "b24: a bug: a command of a batch is in %d parts of the answer", n);
}

/* [0, 0] The commands of the step on top; how many. */
static size_t check_step(lua_State *L, int first) {
    size_t n = 0;
    lua_getfield(L, -1, "names");
    if (lua_istable(L, -1)) {
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1), n++) check_name(L, first);
        lua_pop(L, 1);
        return n;
    }
    lua_pop(L, 1);
    lua_getfield(L, -1, "name");
    check_name(L, first);
    lua_pop(L, 1);
    return 1;
}

static size_t count(lua_State *L, int table) {
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) n++;
    return n;
}

/* codec.batch_check(steps, answer) -> answer. No command may be missing from results, errors and
   not_reached together, none may be in two of them, and nothing else is there. Throws for what can
   only be a bug of ours. */
int b24L_batch_check(lua_State *L) {
    size_t commands = 0, entries = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    int first = lua_gettop(L) + 1, n = (int)b24L_rawlen(L, 1);
    for (int i = 0; i < 3; i++) {
        lua_getfield(L, 2, parts[i]);
        luaL_checktype(L, first + i, LUA_TTABLE);
        entries += count(L, first + i);
    }
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, i);
        commands += check_step(L, first);
        lua_pop(L, 1);
    }
    if (commands != entries)
        return luaL_error(L, "b24: a bug: %d commands of a batch have %d answers", (int)commands,
                          (int)entries);
    lua_settop(L, 2);
    return 1;
}

bool b24L_push_batch(lua_State *L, const struct b24_outcome *o, const struct b24_conf *conf,
                     int names) {
    const cJSON *result = o->result;
    if (!cJSON_IsObject(result) || b24_member(result, "result") == NULL || !lua_istable(L, names))
        return false;
    luaL_checkstack(L, 20, "batch");
    lua_newtable(L);
    int top = lua_gettop(L);
    struct answer a;
    a.results = new_part(L, top, parts[0]); /* one after another, as check_name wants them */
    a.errors = new_part(L, top, parts[1]);
    a.not_reached = new_part(L, top, parts[2]);
    a.next = new_part(L, top, "next");
    a.total = new_part(L, top, "total");
    a.time = new_part(L, top, "time");
    for (lua_pushnil(L); lua_next(L, names) != 0; lua_pop(L, 1)) {
        take_command(L, o, lua_tostring(L, -2), lua_gettop(L), &a, conf);
        check_name(L, a.results);
    }
    lua_settop(L, top);
    return true;
}
