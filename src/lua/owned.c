#include "lua/owned.h"

#define OWNED_TYPE "b24.owned " B24_VERSION

struct owned {
    void (*release)(void *); /* NULL: released */
    union {                  /* aligned for anything that we keep */
        double number;
        void *pointer;
        int64_t integer;
    } content[];
};

void *b24L_new_owned(lua_State *L, size_t size, void (*release)(void *)) {
    struct owned *o = b24L_newobject(L, sizeof *o + size, OWNED_TYPE);
    o->release = release;
    return o->content;
}

static void release(struct owned *o) {
    if (o->release != NULL) o->release(o->content);
    o->release = NULL;
}

void b24L_release(lua_State *L, int index) { release(lua_touserdata(L, index)); }

static int owned_gc(lua_State *L) {
    release(luaL_checkudata(L, 1, OWNED_TYPE));
    return 0;
}

void b24L_open_owned(lua_State *L) { b24L_open_type(L, OWNED_TYPE, owned_gc, NULL); }
