/* codec.live_share(conf) -> share: one process of a user listens to an account's push channel, the
 * others look at what it has learnt. */
#include <string.h>

#include "lua/binding.h"
#include "os/cache_file.h"

#define SHARE_TYPE "b24.live_share " B24_VERSION

struct lua_share {
    struct b24_cache claim;
    struct b24_cache entry; /* the counters that all of them share */
    struct b24_buffer note; /* what was read last */
    bool over;
};

static struct lua_share *check(lua_State *L) {
    struct lua_share *l = luaL_checkudata(L, 1, SHARE_TYPE);
    if (l->over) luaL_error(L, "b24: this share is over");
    return l;
}

/* codec.live_share(conf) -> share | nil, message, info: there is no folder to share */
int b24L_live_share(lua_State *L) {
    struct b24_fault fault;
    const struct b24_conf *conf = luaL_checkudata(L, 1, B24_CONF_TYPE);
    struct lua_share *l = b24L_newobject(L, sizeof *l, SHARE_TYPE);
    l->claim.claim = l->entry.claim = -1;
    b24_buffer_init(&l->note, B24_SHARE_MAX);
    luaL_argcheck(L, conf->base != NULL, 1, "the client is gone");
    if (b24_share_open(&l->claim, conf, &fault) && b24_cache_open(&l->entry, conf, &fault))
        return 1;
    return b24L_push_fault(L, &fault, NULL);
}

/* share:claim() -> true: this process listens; false: another one does. Never waits; the claim
 * ends with the process, however that ends. */
static int share_claim(lua_State *L) {
    lua_pushboolean(L, b24_cache_claim(&check(L)->claim));
    return 1;
}

/* share:note(text) -> boolean: for the others */
static int share_note(lua_State *L) {
    const struct lua_share *l = check(L);
    struct b24_view text;
    text.p = luaL_checklstring(L, 2, &text.n);
    lua_pushboolean(L, b24_share_note(&l->claim, text));
    return 1;
}

/* share:read() -> what was noted last; nil: nothing */
static int share_read(lua_State *L) {
    struct lua_share *l = check(L);
    if (!b24_share_read(&l->claim, &l->note)) return 0;
    lua_pushlstring(L, l->note.p, l->note.n);
    return 1;
}

/* share:stored() -> when the counters were stored, and asked for, in seconds since 1970; nil:
 * there are none */
static int share_stored(lua_State *L) {
    const struct lua_share *l = check(L);
    int64_t stored, asked;
    if (!b24_cache_glance(&l->entry, &stored, &asked)) return 0;
    lua_pushnumber(L, b24_to_seconds(stored));
    lua_pushnumber(L, b24_to_seconds(asked));
    return 2;
}

/* share:release(): others may listen */
static int share_release(lua_State *L) {
    b24_cache_release(&check(L)->claim);
    return 0;
}

static int share_gc(lua_State *L) {
    struct lua_share *l = luaL_checkudata(L, 1, SHARE_TYPE);
    if (l->over) return 0;
    l->over = true;
    b24_cache_release(&l->claim);
    b24_buffer_free(&l->note);
    return 0;
}

void b24L_open_live_share(lua_State *L) {
    static const luaL_Reg methods[] = {{"claim", share_claim},
                                       {"note", share_note},
                                       {"read", share_read},
                                       {"stored", share_stored},
                                       {"release", share_release},
                                       {"__gc", share_gc},
                                       {NULL, NULL}};
    b24L_newtype(L, SHARE_TYPE);
    b24L_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
