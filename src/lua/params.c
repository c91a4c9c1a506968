/* Lua values -> JSON, for the parameters of a call. */
#include <string.h>

#include "lua/file.h"
#include "os/upload_file.h"

#define DEPTH_MAX                                                                                  \
    B24_DEPTH_MAX /* what was answered can be written again; deeper is a table that contains       \
                     itself */

struct encoder {
    lua_State *L;
    struct b24_buffer *out;
    const char *why;         /* static; the first thing that cannot be written */
    struct b24_files *files; /* NULL: none can be sent */
    struct b24_fault *fault; /* of a file that cannot be opened */
};

static bool value(struct encoder *e, int depth);

#define NO_FILES "is a file (b24.file), which only client:call can send"

static bool refuse(struct encoder *e, const char *why) {
    if (e->why == NULL) e->why = why;
    return false;
}

static bool put(struct encoder *e, const char *p, size_t n) {
    return b24_buffer_put(e->out, p, n) ||
           refuse(e, e->out->state == B24_BUFFER_FULL ? "makes the request too large"
                                                      : "does not fit into memory");
}

static bool puts_(struct encoder *e, const char *s) { return put(e, s, strlen(s)); }

/* What a string may hold as it is. Above ASCII: what is valid UTF-8. */
static inline bool plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

static bool escape(struct encoder *e, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    char named[] = {'\\', (char)c}, code[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (c == '"' || c == '\\') return put(e, named, sizeof named);
    return put(e, code, sizeof code);
}

static bool string(struct encoder *e, const char *p, size_t n) {
    const char *end = p + n, *from = p; /* what is not written yet */
    if (!put(e, "\"", 1)) return false;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t length = plain(c) ? 1 : c >= 0x80 ? b24_utf8_length(p, end) : 0;
        if (length == 0 && c >= 0x80) return refuse(e, "is not valid UTF-8");
        p += length;
        if (length > 0) continue;
        if (!put(e, from, (size_t)(p - from)) || !escape(e, c)) return false;
        from = ++p;
    }
    return put(e, from, (size_t)(end - from)) && put(e, "\"", 1);
}

static bool number(struct encoder *e, int index) {
    char text[B24_NUMBER_MAX];
    size_t n = b24L_number_text(e->L, index, text);
    if (n > 0) return put(e, text, n);
    return refuse(e, lua_tonumber(e->L, index) != lua_tonumber(e->L, index)
                         ? "is not a number (NaN)"
                         : "is infinite");
}

/* [0, +1] Raw, because strict-mode scripts forbid reading unknown globals. */
static void push_global(lua_State *L, const char *name) {
#if LUA_VERSION_NUM < 502
    lua_pushstring(L, name);
    lua_rawget(L, LUA_GLOBALSINDEX);
#else
    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
#endif
}

/* b24.null, cjson.null and ngx.null are one light userdata; Neovim's vim.NIL is a userdata of its
 * own. */
static bool is_null(lua_State *L) {
    if (lua_islightuserdata(L, -1)) return lua_touserdata(L, -1) == NULL;
    int top = lua_gettop(L);
    push_global(L, "vim");
    bool null = false;
    if (lua_istable(L, -1)) {
        lua_pushliteral(L, "NIL");
        lua_rawget(L, -2);
        null = lua_rawequal(L, -1, top);
    }
    lua_settop(L, top);
    return null;
}

enum b24_keys b24L_classify_keys(lua_State *L) {
    size_t n = b24L_rawlen(L, -1), integers = 0, strings = 0, inside = 0;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            strings++;
        } else if (lua_type(L, -2) == LUA_TNUMBER) {
            lua_Number k = lua_tonumber(L, -2);
            if (!(k >= -B24_EXACT_MAX && k <= B24_EXACT_MAX) || k != (lua_Number)(int64_t)k) {
                lua_pop(L, 2);
                return B24_KEYS_BAD;
            }
            integers++;
            if (k >= 1 && k <= (lua_Number)n) inside++;
        } else {
            lua_pop(L, 2);
            return B24_KEYS_BAD;
        }
    }
    if (integers + strings == 0) return B24_KEYS_EMPTY;
    if (integers > 0 && strings > 0) return B24_KEYS_MIXED;
    return strings == 0 && inside == integers && integers == n ? B24_KEYS_ARRAY : B24_KEYS_OBJECT;
}

/* dkjson's convention, which b24's own maps follow: an empty table can say that it is an object. */
static bool says_object(lua_State *L) {
    bool object = false;
    if (!luaL_getmetafield(L, -1, "__jsontype")) return false;
    if (lua_type(L, -1) == LUA_TSTRING) object = strcmp(lua_tostring(L, -1), "object") == 0;
    lua_pop(L, 1);
    return object;
}

static bool array(struct encoder *e, int depth) {
    size_t n = b24L_rawlen(e->L, -1);
    if (!put(e, "[", 1)) return false;
    for (size_t i = 1; i <= n; i++) {
        if (i > 1 && !put(e, ",", 1)) return false;
        lua_rawgeti(e->L, -1, (int)i);
        bool ok = value(e, depth);
        lua_pop(e->L, 1);
        if (!ok) return false;
    }
    return put(e, "]", 1);
}

static bool key(struct encoder *e) {
    size_t n;
    if (lua_type(e->L, -2) == LUA_TSTRING) {
        const char *p = lua_tolstring(e->L, -2, &n);
        return string(e, p, n);
    }
    char text[B24_NUMBER_MAX]; /* lua_tolstring would confuse lua_next */
    n = b24_integer_text((int64_t)lua_tonumber(e->L, -2), text);
    return put(e, "\"", 1) && put(e, text, n) && put(e, "\"", 1);
}

static bool object(struct encoder *e, int depth) {
    bool first = true;
    if (!put(e, "{", 1)) return false;
    for (lua_pushnil(e->L); lua_next(e->L, -2) != 0; lua_pop(e->L, 1)) {
        bool ok = (first || put(e, ",", 1)) && key(e) && put(e, ":", 1) && value(e, depth);
        first = false;
        if (!ok) {
            lua_pop(e->L, 2);
            return false;
        }
    }
    return put(e, "}", 1);
}

static bool table(struct encoder *e, int depth) {
    if (depth == 0) return refuse(e, "is nested too deeply (does a table contain itself?)");
    luaL_checkstack(e->L, 8, "params");
    if (b24L_batch_is_ref(e->L, -1))
        return refuse(e, "is a reference (b24.ref), which only a batch can use");
    switch (b24L_classify_keys(e->L)) {
    case B24_KEYS_EMPTY: return puts_(e, depth == DEPTH_MAX || says_object(e->L) ? "{}" : "[]");
    case B24_KEYS_ARRAY: return array(e, depth - 1);
    case B24_KEYS_OBJECT: return object(e, depth - 1);
    case B24_KEYS_MIXED: return refuse(e, B24_MIXED_KEYS);
    default: return refuse(e, B24_BAD_KEYS);
    }
}

/* The content comes between the quotes when it is sent. */
static bool file(struct encoder *e, const char *path) {
    if (e->files == NULL) return refuse(e, NO_FILES);
    if (!put(e, "\"", 1)) return false;
    struct b24_source *source = b24_upload_open(path, e->fault);
    if (source == NULL) return refuse(e, "is a file that cannot be opened");
    if (!b24_files_add(e->files, e->out->n, source)) return refuse(e, "does not fit into memory");
    return put(e, "\"", 1);
}

static bool userdata(struct encoder *e) {
    const char *path = b24L_file_path(e->L, -1);
    if (path != NULL) return file(e, path);
    return is_null(e->L) ? puts_(e, "null") : refuse(e, "has a userdata, which has no JSON form");
}

/* Writes the value on top of the stack. */
static bool value(struct encoder *e, int depth) {
    size_t n;
    const char *p;
    switch (lua_type(e->L, -1)) {
    case LUA_TNIL: return puts_(e, "null");
    case LUA_TBOOLEAN: return puts_(e, lua_toboolean(e->L, -1) ? "true" : "false");
    case LUA_TNUMBER: return number(e, -1);
    case LUA_TSTRING: p = lua_tolstring(e->L, -1, &n); return string(e, p, n);
    case LUA_TTABLE: return table(e, depth);
    case LUA_TLIGHTUSERDATA:
    case LUA_TUSERDATA: return userdata(e);
    default: return refuse(e, "has a function or coroutine, which has no JSON form");
    }
}

const char *b24L_encode_params(lua_State *L, int index, struct b24_buffer *out) {
    return b24L_encode_body(L, index, out, NULL, NULL);
}

const char *b24L_encode_body(lua_State *L, int index, struct b24_buffer *out,
                             struct b24_files *files, struct b24_fault *fault) {
    struct encoder e = {L, out, NULL, files, fault};
    luaL_checkstack(L, 8, "params");
    lua_pushvalue(L, index);
    value(&e, DEPTH_MAX);
    lua_pop(L, 1);
    return e.why;
}
