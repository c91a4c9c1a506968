/* codec.system's part for logging in with a browser: a state that nobody can guess, the browser
   that comes back, and what it brings. */
#include <errno.h>
#include <string.h>

#include "lua/interrupt.h"
#include "lua/owned.h"
#include "lua/system.h"
#include "os/loopback.h"
#include "os/random.h"
#include "rest/redirect.h"

#define STATE_BYTES   16 /* 128 bits */
#define LISTENER_TYPE "b24.listener " B24_VERSION

struct listener {
    struct b24_loopback server;
    struct b24_browser *browser; /* who waits for an answer */
};

/* system.state() -> 32 hexadecimal digits | nil, why */
int b24L_system_state(lua_State *L) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[STATE_BYTES];
    char text[STATE_BYTES * 2];
    if (!b24_random_bytes(bytes, sizeof bytes)) {
        lua_pushnil(L);
        lua_pushstring(L, strerror(errno));
        return 2;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        text[i * 2] = digits[bytes[i] >> 4];
        text[i * 2 + 1] = digits[bytes[i] & 15];
    }
    lua_pushlstring(L, text, sizeof text);
    return 1;
}

/* ------------------------------------------------------------ the browser */

static struct listener *to_listener(lua_State *L) { return luaL_checkudata(L, 1, LISTENER_TYPE); }

/* system.listen(port) -> listener | nil, why */
int b24L_system_listen(lua_State *L) {
    int port = (int)luaL_checknumber(L, 1);
    struct listener *l = b24L_newobject(L, sizeof *l, LISTENER_TYPE);
    l->browser = NULL;
    if (b24_loopback_listen(&l->server, port)) return 1;
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

/* listener:port() -> integer */
static int listener_port(lua_State *L) {
    lua_pushinteger(L, b24_loopback_port(&to_listener(L)->server));
    return 1;
}

/* listener:wait(seconds) -> what a browser asks for: "/path?query" | nil, "late" | nil, "stopped" |
   nil, why */
static int listener_wait(lua_State *L) {
    struct listener *l = to_listener(L);
    struct b24_view target;
    struct b24L_interrupt hooks = b24L_watch_hooks(L);
    luaL_argcheck(L, l->server.fd >= 0, 1, "it is closed");
    enum b24_loopback_event event =
        b24_loopback_wait(&l->server, b24_to_ms((double)luaL_checknumber(L, 2)), b24L_hook_changed,
                          &hooks, &l->browser, &target);
    if (event == B24_LOOPBACK_REQUEST) {
        lua_pushlstring(L, target.p, target.n);
        return 1;
    }
    l->browser = NULL;
    lua_pushnil(L);
    lua_pushstring(L, event == B24_LOOPBACK_LATE      ? "late"
                      : event == B24_LOOPBACK_STOPPED ? "stopped"
                                                      : strerror(errno));
    return 2;
}

/* listener:answer(bytes): a whole HTTP answer to whom wait has brought */
static int listener_answer(lua_State *L) {
    struct listener *l = to_listener(L);
    struct b24_view bytes;
    bytes.p = luaL_checklstring(L, 2, &bytes.n);
    if (l->browser != NULL) b24_loopback_answer(l->browser, bytes);
    l->browser = NULL;
    return 0;
}

/* listener:close() */
static int listener_close(lua_State *L) {
    b24_loopback_close(&to_listener(L)->server);
    return 0;
}

/* ------------------------------------------------------------ the address */

static void wipe(void *found) { memset(found, 0, sizeof(struct b24_redirect)); }

/* system.redirect(address, state, host) -> { code =, server_endpoint =, member_id =, scope = } |
   false: it is not an answer at all | nil, message, info */
int b24L_system_redirect(lua_State *L) {
    struct b24_view address, state;
    struct b24_fault fault;
    address.p = luaL_checklstring(L, 1, &address.n);
    state.p = luaL_checklstring(L, 2, &state.n);
    const char *host = luaL_checkstring(L, 3);
    struct b24_redirect *found = b24L_new_owned(L, sizeof *found, wipe);
    switch (b24_redirect_read(address, state, host, found, &fault)) {
    case B24_REDIRECT_BAD: return b24L_push_fault(L, &fault, NULL);
    case B24_REDIRECT_NONE: lua_pushboolean(L, 0); return 1;
    case B24_REDIRECT_GOOD: break;
    }
    lua_createtable(L, 0, 4);
    b24L_set_text(L, -1, "code", found->code);
    b24L_set_text(L, -1, "server_endpoint", found->server[0] != '\0' ? found->server : NULL);
    b24L_set_text(L, -1, "member_id", found->member_id[0] != '\0' ? found->member_id : NULL);
    b24L_set_text(L, -1, "scope", found->scope);
    return 1;
}

/* system.reset(fd): ends a connection with RST; for the mock portal */
int b24L_system_reset(lua_State *L) {
    b24_connection_reset((int)luaL_checknumber(L, 1));
    return 0;
}

void b24L_open_listener(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", listener_close},  {"port", listener_port},
                                    {"wait", listener_wait},   {"answer", listener_answer},
                                    {"close", listener_close}, {NULL, NULL}};
    b24L_newtype(L, LISTENER_TYPE);
    b24L_setfuncs(L, meta);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
