/* The answer of im.counters.get, from any server generation, as one shape. */
#include <string.h>

#include "lua/binding.h"
#include "json/document.h"

#define MAP_TYPE "b24.map " B24_VERSION
#define FOLD_MAX 64 /* bytes of a section name that is folded; longer ones are kept as they are */

enum form { OTHER, MAP, LIST, NESTED };

struct section {
    const char *name, *camel; /* `camel`: what the undocumented JSON=Y makes of it */
    enum form form;
};

static const struct section sections[] = {
    {"TYPE", "type", MAP},
    {"CHAT", "chat", MAP},
    {"DIALOG", "dialog", MAP},
    {"LINES", "lines", MAP},
    {"COPILOT", "copilot", MAP},
    {"COLLAB", "collab", MAP},
    {"TASKS_TASK", "tasksTask", MAP},
    {"CHAT_MUTED", "chatMuted", MAP},
    {"CHANNEL_COMMENT", "channelComment", NESTED},
    {"CHAT_UNREAD", "chatUnread", LIST},
    {"DIALOG_UNREAD", "dialogUnread", LIST},
    {"COLLAB_UNREAD", "collabUnread", LIST},
    {"COPILOT_UNREAD", "copilotUnread", LIST},
    {"TASKS_TASK_UNREAD", "tasksTaskUnread", LIST},
};

#define ALWAYS_TABLES 4 /* of the sections above: the first four */

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
    b24L_newtype(L, MAP_TYPE);
    lua_pushcfunction(L, map_index);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "object");
    lua_setfield(L, -2, "__jsontype");
    lua_pop(L, 1);
}

/* [0, +1] "tasksTask" -> "TASKS_TASK" */
static void push_upper(lua_State *L, const char *camel) {
    char name[2 * FOLD_MAX + 1];
    size_t n = 0;
    if (strlen(camel) > FOLD_MAX) {
        lua_pushstring(L, camel);
        return;
    }
    for (const char *p = camel; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z' && p > camel) name[n++] = '_';
        name[n] = *p;
        if (*p >= 'a' && *p <= 'z') name[n] = (char)(*p - ('a' - 'A'));
        n++;
    }
    lua_pushlstring(L, name, n);
}

static void push_name(lua_State *L, const char *name, bool camel) {
    if (camel) push_upper(L, name);
    else lua_pushstring(L, name);
}

/* [0, +1] A count or id: number, or decimal string as 2017 servers sent; nil for null unless
 * `nulls`. */
static void push_count(lua_State *L, const cJSON *v, bool nulls) {
    double n;
    if (cJSON_IsString(v) && b24_decimal(v->valuestring, &n)) b24L_push_number(L, n);
    else if (cJSON_IsNull(v) && !nulls) lua_pushnil(L);
    else b24L_push_json(L, v, nulls);
}

/* How a map is read. */
struct reading {
    bool nested;     /* its values may be maps too */
    bool camel_keys; /* its keys are names to fold, not ids */
    bool nulls;
};

static void push_map(lua_State *L, const cJSON *v, struct reading how);

static void push_entry(lua_State *L, const cJSON *v, struct reading how) {
    if (how.nested && (cJSON_IsObject(v) || cJSON_IsArray(v)))
        push_map(L, v, (struct reading){.nulls = how.nulls});
    else push_count(L, v, how.nulls);
}

/* [0, +1] An object, or a PHP list: its positions are the ids 0, 1, ... */
static void push_map(lua_State *L, const cJSON *v, struct reading how) {
    int position = 0;
    luaL_checkstack(L, 6, "counters");
    new_map(L, cJSON_GetArraySize(v));
    for (const cJSON *m = v->child; m != NULL; m = m->next, position++) {
        if (m->string != NULL) push_name(L, m->string, how.camel_keys);
        else lua_pushfstring(L, "%d", position);
        push_entry(L, m, how);
        lua_rawset(L, -3);
    }
}

/* [0, +1] A list, or an object: PHP writes a list with holes as one. */
static void push_list(lua_State *L, const cJSON *v) {
    int i = 0;
    lua_createtable(L, cJSON_GetArraySize(v), 0);
    for (const cJSON *m = v->child; m != NULL; m = m->next) {
        if (cJSON_IsNull(m)) continue;
        push_count(L, m, false);
        lua_rawseti(L, -2, ++i);
    }
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* [0, +1] A section that we do not know: its name tells a list, its JSON a map. */
static void push_unknown(lua_State *L, const char *name, const cJSON *v, bool nulls) {
    if (cJSON_IsObject(v) && !ends_with(name, "_UNREAD"))
        push_map(L, v, (struct reading){.nested = true, .nulls = nulls});
    else if (cJSON_IsArray(v) || cJSON_IsObject(v)) push_list(L, v);
    else push_count(L, v, nulls);
}

static const struct section *known(const char *name) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].name, name) == 0) return &sections[i];
    return NULL;
}

/* [0, +1] `name` is folded already. */
static void push_section(lua_State *L, const char *name, const cJSON *v, bool camel, bool nulls) {
    const struct section *s = known(name);
    bool container = cJSON_IsObject(v) || cJSON_IsArray(v);
    if (s != NULL && !container) lua_pushnil(L); /* nothing usable where a map belongs */
    else if (s == NULL) push_unknown(L, name, v, nulls);
    else if (s->form == LIST) push_list(L, v);
    else push_map(L, v, (struct reading){s->form == NESTED, camel && s == &sections[0], nulls});
}

/* The first name that we know decides how this answer spells names. */
static bool camel_case(const cJSON *result) {
    for (const cJSON *m = result->child; m != NULL; m = m->next)
        for (size_t i = 0; m->string != NULL && i < sizeof sections / sizeof *sections; i++) {
            if (strcmp(m->string, sections[i].name) == 0) return false;
            if (strcmp(m->string, sections[i].camel) == 0) return true;
        }
    return false;
}

/* [0, 0] The sections that every answer has in our shape. */
static void complete(lua_State *L) {
    for (int i = 0; i < ALWAYS_TABLES; i++) {
        lua_pushstring(L, sections[i].name);
        lua_rawget(L, -2);
        bool present = lua_istable(L, -1);
        lua_pop(L, 1);
        if (present) continue;
        lua_pushstring(L, sections[i].name);
        new_map(L, 0);
        lua_rawset(L, -3);
    }
}

bool b24L_push_counters(lua_State *L, const cJSON *result, bool nulls) {
    /* PHP writes an empty answer as []. */
    if (!cJSON_IsObject(result) && !(cJSON_IsArray(result) && result->child == NULL)) return false;
    luaL_checkstack(L, 8, "counters");
    bool camel = camel_case(result);
    lua_createtable(L, 0, cJSON_GetArraySize(result));
    for (const cJSON *m = result->child; m != NULL; m = m->next) {
        push_name(L, m->string, camel);
        push_section(L, lua_tostring(L, -1), m, camel, nulls);
        lua_rawset(L, -3);
    }
    complete(L);
    return true;
}
