/* Checked JSON text -> Lua, without a tree between. What b24_json_plan has accepted needs no second
   look: here is only what has to be built. */
#include <limits.h>
#include <string.h>

#include "lua/decode.h"
#include "json/number.h"

struct reader {
    lua_State *L;
    const char *p;
    const struct b24_json_size *size; /* of the next container */
    bool nulls;
    int scratch; /* stack index of a userdata for strings with escapes */
    char *room;  /* its memory */
    size_t room_n;
};

static void value(struct reader *r);

/* Between two tokens nothing else is below 0x21. */
static void skip_space(struct reader *r) {
    while ((unsigned char)*r->p <= ' ') r->p++;
}

static int next_size(struct reader *r) {
    uint32_t n = (r->size++)->members;
    return n < INT_MAX ? (int)n : INT_MAX;
}

/* ------------------------------------------------------------ strings */

static unsigned hex4(const char *p) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        code = code << 4 | (c <= '9' ? c - 0x30u : (c | 0x20u) - 0x57u); /* '0', 'a' - 10 */
    }
    return code;
}

static char *put_utf8(char *to, unsigned code) {
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)(n == 1 ? code : lead[n] | code);
    return to + n;
}

/* p stands behind the backslash. Returns the end of what it wrote, never more than it read. */
static char *unescape(const char **p, char *to) {
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char c = *(*p)++;
    if (c != 'u') {
        *to = bytes[strchr(names, c) - names];
        return to + 1;
    }
    unsigned code = hex4(*p);
    *p += 4;
    if (code >= 0xD800 && code <= 0xDFFF) { /* the other half follows: the check has seen it */
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(*p + 2) - 0xDC00);
        *p += 6;
    }
    return put_utf8(to, code);
}

/* Room for n bytes; a userdata, so that an error of Lua's cannot lose it. */
static char *room(struct reader *r, size_t n) {
    if (r->room != NULL && n <= r->room_n) return r->room;
    r->room_n = n > 2 * r->room_n ? n : 2 * r->room_n;
    r->room = lua_newuserdata(r->L, r->room_n);
    lua_replace(r->L, r->scratch);
    return r->room;
}

/* [0, +1] A string with escapes, of which the first is at `p`. */
static void push_escaped(struct reader *r, const char *from, const char *p) {
    const char *end = p;
    for (; *end != '"'; end++)
        if (*end == '\\') end++;
    char *begin = room(r, (size_t)(end - from)), *to = begin + (p - from);
    memcpy(begin, from, (size_t)(p - from));
    while (p < end) {
        const char *plain = p;
        while (p < end && *p != '\\') p++;
        memcpy(to, plain, (size_t)(p - plain));
        to += p - plain;
        if (p == end) break;
        p++;
        to = unescape(&p, to);
    }
    r->p = end + 1;
    lua_pushlstring(r->L, begin, (size_t)(to - begin));
}

/* [0, +1] */
static void string(struct reader *r) {
    const char *from = r->p + 1, *p = from;
    while (*p != '"' && *p != '\\') p++;
    if (*p == '\\') {
        push_escaped(r, from, p);
        return;
    }
    r->p = p + 1;
    lua_pushlstring(r->L, from, (size_t)(p - from));
}

/* ------------------------------------------------------------ numbers */

#define SHORT_DIGITS 9 /* any lua_Integer holds so many */

static inline bool digit(char c) { return c >= '0' && c <= '9'; }

/* [0, +1] */
static void number(struct reader *r) {
    const char *from = r->p, *p = from;
    lua_Integer m = 0;
    double v;
    for (; digit(*p) && p - from < SHORT_DIGITS; p++) m = m * 10 + (*p - '0');
    if (p > from && !digit(*p) && *p != '.' && *p != 'e' && *p != 'E') { /* what most are */
        r->p = p;
        lua_pushinteger(r->L, m);
        return;
    }
    if (b24_json_read_number(&r->p, &v)) b24L_push_number(r->L, v);
    else lua_pushlstring(r->L, from, (size_t)(r->p - from));
}

/* ------------------------------------------------------------ containers */

/* [0, +1] */
static void object(struct reader *r) {
    lua_createtable(r->L, 0, next_size(r));
    r->p++;
    skip_space(r);
    if (*r->p == '}') {
        r->p++;
        return;
    }
    do {
        skip_space(r);
        string(r);
        skip_space(r);
        r->p++; /* the colon */
        skip_space(r);
        if (*r->p == 'n' && !r->nulls) {
            r->p += 4;
            lua_pushnil(r->L); /* also takes back an earlier member of that name */
        } else {
            value(r);
        }
        lua_rawset(r->L, -3);
        skip_space(r);
    } while (*r->p++ == ',');
}

/* [0, +1] */
static void array(struct reader *r) {
    lua_createtable(r->L, next_size(r), 0);
    r->p++;
    skip_space(r);
    if (*r->p == ']') {
        r->p++;
        return;
    }
    int i = 0;
    do {
        skip_space(r);
        value(r);
        lua_rawseti(r->L, -2, ++i);
        skip_space(r);
    } while (*r->p++ == ',');
}

/* [0, +1] Recursion is bounded by the check's depth limit. */
static void value(struct reader *r) {
    switch (*r->p) {
    case '"': string(r); return;
    case 't':
        r->p += 4;
        lua_pushboolean(r->L, 1);
        return;
    case 'f':
        r->p += 5;
        lua_pushboolean(r->L, 0);
        return;
    case 'n':
        r->p += 4;
        b24L_push_null(r->L);
        return;
    case '{':
        luaL_checkstack(r->L, 6, "JSON value");
        object(r);
        return;
    case '[':
        luaL_checkstack(r->L, 6, "JSON value");
        array(r);
        return;
    default: number(r);
    }
}

void b24L_push_checked(lua_State *L, const char *text, const struct b24_json_size *sizes,
                       bool nulls) {
    luaL_checkstack(L, 6, "JSON value");
    lua_pushnil(L);
    struct reader r = {L, text, sizes, nulls, lua_gettop(L), NULL, 0};
    value(&r);
    lua_remove(L, r.scratch);
}
