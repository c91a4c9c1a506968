/* codec.neutral, codec.neutral_json, codec.plain, codec.readable, codec.columns, codec.cut,
   codec.parts: text between people, terminals and the portal. The rules are in base/neutral.c,
   os/columns.c, im/markup.c and im/sendable.c. */
#include "lua/text.h"

#include <stdio.h>

#include "base/neutral.h"
#include "im/markup.h"
#include "im/sendable.h"
#include "os/columns.h"

#define TEXT_TYPE "b24.growing " B24_VERSION
#define TEXT_MAX  (SIZE_MAX / 2) /* no bound: what is read here is bounded, by max_reply */

static int text_gc(lua_State *L) {
    b24_buffer_free(luaL_checkudata(L, 1, TEXT_TYPE));
    return 0;
}

struct b24_buffer *b24L_new_text(lua_State *L) {
    struct b24_buffer *text = b24L_newobject(L, sizeof *text, TEXT_TYPE);
    b24_buffer_init(text, TEXT_MAX);
    return text;
}

void b24L_check_text(lua_State *L, const struct b24_buffer *text) {
    if (text->state != B24_BUFFER_OK) luaL_error(L, "not enough memory");
}

void b24L_push_text(lua_State *L, struct b24_buffer *text) {
    b24L_check_text(L, text);
    struct b24_view v = b24_buffer_view(text);
    lua_pushlstring(L, v.p, v.n);
    b24_buffer_free(text);
    b24_buffer_init(text, TEXT_MAX);
}

static struct b24_view check_view(lua_State *L, int index) {
    struct b24_view v;
    v.p = luaL_checklstring(L, index, &v.n);
    return v;
}

/* codec.neutral(text [, lines]) -> text that cannot steer a terminal; lines: with its line ends */
static int neutral(lua_State *L) {
    struct b24_view text = check_view(L, 1);
    bool lines = lua_toboolean(L, 2);
    struct b24_buffer *out = b24L_new_text(L);
    b24_neutral(out, text, lines);
    b24L_push_text(L, out);
    return 1;
}

/* The text at index 1 as `write` makes it. */
static int rewritten(lua_State *L, bool (*write)(struct b24_buffer *, struct b24_view)) {
    struct b24_view text = check_view(L, 1);
    struct b24_buffer *out = b24L_new_text(L);
    write(out, text);
    b24L_push_text(L, out);
    return 1;
}

/* codec.neutral_json(json) -> the same for every parser, nothing for a terminal */
static int neutral_json(lua_State *L) { return rewritten(L, b24_neutral_json); }

/* codec.plain(text) -> text that is shown as it was typed */
static int plain(lua_State *L) { return rewritten(L, b24_sendable_plain); }

/* codec.readable(text) -> a message's text without its markup */
static int readable(lua_State *L) { return rewritten(L, b24_markup_text); }

/* codec.columns(text) -> how many it takes on a terminal */
static int columns(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)b24_columns(check_view(L, 1)));
    return 1;
}

#define ELLIPSIS "\xE2\x80\xA6"

/* codec.cut(text, max) -> at most so many columns of it; what was cut shows */
static int cut(lua_State *L) {
    struct b24_view text = check_view(L, 1);
    lua_Integer max = luaL_checkinteger(L, 2);
    luaL_argcheck(L, max >= 1, 2, "at least 1");
    if (b24_columns_cut(text, (size_t)max).n < text.n) {
        struct b24_view kept = b24_columns_cut(text, (size_t)max - 1);
        lua_pushlstring(L, kept.p, kept.n);
        lua_pushliteral(L, ELLIPSIS);
        lua_concat(L, 2);
    } else lua_pushvalue(L, 1);
    return 1;
}

/* How many messages `text` makes. */
static int count_parts(struct b24_view text) {
    int n = 0;
    if (b24_sendable_fits(text)) return 1;
    while (b24_sendable_part(&text).p != NULL) n++;
    return n;
}

/* [0, +1] The parts under their heads. */
static void push_parts(lua_State *L, struct b24_view text, int n) {
    char head[32]; /* any two numbers: compilers do not know that these have two digits */
    lua_createtable(L, n, 0);
    if (n == 1 && b24_sendable_fits(text)) {
        lua_pushlstring(L, text.p, text.n);
        lua_rawseti(L, -2, 1);
        return;
    }
    for (int i = 1; i <= n; i++) {
        struct b24_view part = b24_sendable_part(&text);
        snprintf(head, sizeof head, "(%d/%d)\n", i, n);
        lua_pushstring(L, head);
        lua_pushlstring(L, part.p, part.n);
        lua_concat(L, 2);
        lua_rawseti(L, -2, i);
    }
}

/* What the parts are made of: cleaned, and as the portal takes it. */
struct sendable {
    struct b24_view clean, out;
};

/* [0, +2] Of the text at index 1; `bb` at index 2. */
static struct sendable check_sendable(lua_State *L) {
    struct b24_view text = check_view(L, 1);
    bool bb = lua_toboolean(L, 2);
    struct b24_buffer *clean = b24L_new_text(L), *out = b24L_new_text(L);
    b24_sendable_clean(clean, text);
    b24L_check_text(L, clean);
    while (clean->n > 0 && b24_sendable_empty((struct b24_view){clean->p + clean->n - 1, 1}))
        b24_buffer_cut(clean, clean->n - 1); /* as the portal does */
    struct b24_view v = b24_buffer_view(clean);
    if (bb ? !b24_buffer_add(out, v.p, v.n) : !b24_sendable_plain(out, v)) b24L_check_text(L, out);
    return (struct sendable){v, b24_buffer_view(out)};
}

/* codec.parts(text, bb) -> list, n: the messages that a text makes, each as the portal takes it.
   An empty list: there is nothing to send (n = 0), or more than may be sent (n: so many). */
static int parts(lua_State *L) {
    struct sendable s = check_sendable(L);
    int n = s.clean.n == 0 ? 0 : count_parts(s.out);
    if (n == 0 || n > B24_PARTS_MAX) lua_newtable(L);
    else push_parts(L, s.out, n);
    lua_pushinteger(L, n);
    return 2;
}

/* codec.unsent(text, bb, n) -> what is left of a text when its first n parts have arrived, as it
   can be sent again. For a text of several parts only. */
static int unsent(lua_State *L) {
    lua_Integer n = luaL_checkinteger(L, 3);
    struct sendable s = check_sendable(L);
    struct b24_view left = s.out;
    while (n-- > 0 && b24_sendable_part(&left).p != NULL) {
    }
    size_t at = b24_sendable_origin(s.clean, s.out, s.out.n - left.n);
    lua_pushlstring(L, s.clean.p + at, s.clean.n - at);
    return 1;
}

void b24L_open_text_type(lua_State *L) { b24L_open_type(L, TEXT_TYPE, text_gc, NULL); }

void b24L_open_text(lua_State *L) {
    static const luaL_Reg functions[] = {{"neutral", neutral}, {"neutral_json", neutral_json},
                                         {"plain", plain},     {"readable", readable},
                                         {"columns", columns}, {"cut", cut},
                                         {"parts", parts},     {"unsent", unsent},
                                         {NULL, NULL}};
    b24L_setfuncs(L, functions);
}
