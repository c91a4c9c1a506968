#include "lua/call_object.h"

#include <stddef.h>
#include <string.h>

struct b24L_call *b24L_push_call(lua_State *L, const struct b24L_setup *s) {
    struct b24L_call *c = s->idle != 0 ? lua_touserdata(L, s->idle) : NULL;
    if (c != NULL) {
        struct b24_call *spare = c->spare;
        lua_pushvalue(L, s->idle);
        lua_pushnil(L);
        lua_replace(L, s->idle);
        memset(c, 0, offsetof(struct b24L_call, own));
        c->spare = spare;
        c->lock.fd = -1;
        return c;
    }
    size_t size = s->bare ? sizeof(struct b24L_call) : offsetof(struct b24L_call, own);
    c = b24L_newobject(L, size, B24_CALL_TYPE);
    c->lock.fd = -1; /* before anything can throw: 0 would be somebody's input */
    lua_createtable(L, B24_CALL_SAID, 0);
    b24L_setuservalue(L, -2);
    return c;
}

void b24L_rest_call(lua_State *L, int call) {
    struct b24L_call *c = lua_touserdata(L, call);
    b24L_leave_store(c);
    b24_call_retire(c->call);
    c->spare = c->call;
    c->call = NULL;
    c->request = NULL;
    c->outcome = NULL;
    b24L_getuservalue(L, call);
    for (int i = B24_CALL_CONF; i <= B24_CALL_SAID; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
    lua_pop(L, 1);
}

void b24L_keep_conf(lua_State *L, int conf) {
    b24L_getuservalue(L, -1);
    lua_pushvalue(L, conf);
    lua_rawseti(L, -2, B24_CALL_CONF);
    lua_pop(L, 1);
}
