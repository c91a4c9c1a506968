/* HTTP/1.1 for sockets that Lua has: the text of a request, a reader of replies, the meaning
 * of socket errors. */
#include "lua/http.h"

#include <string.h>

#include "http1/cosocket_error.h"
#include "http1/reply.h"
#include "http1/request.h"
#include "lua/binding.h"

/* ------------------------------------------------------------ requests */

struct head {
    struct b24_buffer text;
};

#define HEAD_TYPE "b24.http_head " B24_VERSION
#define HEAD_MAX  (64u << 10) /* bytes of a request's header; real ones have 300 */

static int head_gc(lua_State *L) {
    struct head *head = luaL_checkudata(L, 1, HEAD_TYPE);
    b24_buffer_free(&head->text);
    return 0;
}

/* [0, +1] The value stays on the stack: a finaliser might take it out of the request, __index might
 * have made it. */
static struct b24_view string_member(lua_State *L, const char *name) {
    struct b24_view v = {"", 0};
    lua_getfield(L, 1, name);
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "b24: a request has a %s, as a string", name);
    v.p = lua_tolstring(L, -1, &v.n);
    return v;
}

/* The fields of the request's table `headers`. */
static bool write_fields(lua_State *L, struct b24_buffer *out) {
    bool ok = true;
    lua_getfield(L, 1, "headers");
    luaL_checktype(L, -1, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        struct b24_view name, value;
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "b24: the headers of a request are strings");
        name.p = lua_tolstring(L, -2, &name.n);
        value.p = lua_tolstring(L, -1, &value.n);
        ok = ok && b24_http_field(name, value, out);
    }
    lua_pop(L, 1);
    return ok;
}

/* Bytes of the request's body, which is a string, or a reader and then has its length beside it. */
static uint64_t body_length(lua_State *L) {
    lua_getfield(L, 1, "body");
    if (lua_type(L, -1) != LUA_TUSERDATA) return string_member(L, "body").n;
    lua_getfield(L, 1, "length");
    lua_Number n = lua_tonumber(L, -1);
    if (!(n >= 0 && n < B24_EXACT_MAX)) luaL_error(L, "b24: a request has a length, as a number");
    return (uint64_t)n;
}

/* codec.http_request(request) -> {tls=, host=, port=, head=}: where to connect, and what to send
 * before request.body */
static int http_request(lua_State *L) {
    struct b24_url url;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *wrong = b24_url_parse(string_member(L, "url"), &url);
    if (wrong != NULL) return luaL_error(L, "b24: the URL of a request is unusable: %s", wrong);
    struct head *head = b24L_newobject(L, sizeof *head, HEAD_TYPE);
    b24_buffer_init(&head->text, HEAD_MAX);
    if (!b24_http_head(&url, body_length(L), &head->text) || !write_fields(L, &head->text) ||
        !b24_buffer_puts(&head->text, "\r\n"))
        return luaL_error(L, "b24: the header of the request does not fit into memory");
    lua_createtable(L, 0, 4);
    b24L_set_flag(L, -1, "tls", url.https);
    lua_pushlstring(L, url.host.p, url.host.n);
    lua_setfield(L, -2, "host");
    lua_pushinteger(L, b24_url_port(&url));
    lua_setfield(L, -2, "port");
    lua_pushlstring(L, b24_buffer_view(&head->text).p, head->text.n);
    lua_setfield(L, -2, "head");
    b24_buffer_free(&head->text);
    return 1;
}

/* ------------------------------------------------------------ replies */

#define READER_TYPE "b24.http_reply " B24_VERSION

/* [0, +1] {kind=, code=, message=, hint=, sent=} */
static int push_failure(lua_State *L, const struct b24_failure *f) {
    lua_createtable(L, 0, 5);
    b24L_set_text(L, -1, "kind", b24_kind_name(f->kind));
    b24L_set_text(L, -1, "code", f->code);
    b24L_set_text(L, -1, "hint", f->hint);
    b24L_set_flag(L, -1, "sent", f->sent);
    lua_pushlstring(L, f->text.p, f->text.n);
    lua_setfield(L, -2, "message");
    return 1;
}

static int push_reply(lua_State *L, const struct b24_http_reply *h) {
    struct b24_reply r;
    b24_http_take(h, &r);
    lua_createtable(L, 0, 8);
    b24L_set_count(L, -1, "status", r.status);
    b24L_set_text(L, -1, "content_type", r.content_type.p);
    b24L_set_text(L, -1, "location", r.location.p);
    b24L_set_text(L, -1, "retry_after", r.retry_after.p);
    b24L_set_text(L, -1, "date", r.date.p);
    b24L_set_flag(L, -1, "keep_alive", h->keep_alive);
    lua_pushnumber(L, r.http_version == 11 ? 1.1 : 1.0);
    lua_setfield(L, -2, "http_version");
    lua_pushlstring(L, r.body.p, r.body.n);
    lua_setfield(L, -2, "body");
    return 1;
}

/* What the reader has come to: nothing while it wants more. */
static int push_end(lua_State *L, const struct b24_http_reply *h) {
    struct b24_failure f;
    if (h->end == B24_HTTP_OPEN) return 0;
    if (h->end == B24_HTTP_COMPLETE) return push_reply(L, h);
    lua_pushnil(L);
    b24_http_failure(h, &f);
    return 1 + push_failure(L, &f);
}

/* reader:feed(bytes) -> nothing: more is wanted | reply {status=, body=, …, keep_alive=} | nil,
 * failure {kind=, code=, …} */
static int reader_feed(lua_State *L) {
    struct b24_http_reply *h = luaL_checkudata(L, 1, READER_TYPE);
    struct b24_view bytes;
    bytes.p = luaL_checklstring(L, 2, &bytes.n);
    (void)b24_http_feed(h, bytes);
    return push_end(L, h);
}

/* reader:eof() -> reply | nil, failure: the other side has closed */
static int reader_eof(lua_State *L) {
    struct b24_http_reply *h = luaL_checkudata(L, 1, READER_TYPE);
    (void)b24_http_eof(h);
    return push_end(L, h);
}

/* reader:lost() -> nothing: no more is known than that | reply | nil, failure: the connection broke
 */
static int reader_lost(lua_State *L) {
    struct b24_http_reply *h = luaL_checkudata(L, 1, READER_TYPE);
    (void)b24_http_lost(h);
    return push_end(L, h);
}

static int reader_gc(lua_State *L) {
    struct b24_http_reply *h = luaL_checkudata(L, 1, READER_TYPE);
    b24_http_free(h);
    b24_http_init(h,
                  0); /* takes nothing more: what a finaliser brought back is not finalised again */
    return 0;
}

/* codec.http_reply([max_reply]) -> reader */
static int http_reply(lua_State *L) {
    lua_Number max = luaL_optnumber(L, 1, B24_REPLY_DEFAULT);
    luaL_argcheck(L, max >= 1 && max <= B24_REPLY_MAX, 1, "bytes, at least 1");
    struct b24_http_reply *h = b24L_newobject(L, sizeof *h, READER_TYPE);
    b24_http_init(h, (size_t)max);
    return 1;
}

/* ------------------------------------------------------------ errors */

/* codec.cosocket_failure("connect" | "handshake" | "send" | "receive", words) -> failure {kind=,
 * code=, …} */
static int cosocket_failure(lua_State *L) {
    static const char *const steps[] = {"connect", "handshake", "send", "receive", NULL};
    struct b24_failure f;
    struct b24_view words;
    enum b24_cosocket_step step = (enum b24_cosocket_step)luaL_checkoption(L, 1, NULL, steps);
    words.p = luaL_checklstring(L, 2, &words.n);
    b24_cosocket_error(step, words, &f);
    return push_failure(L, &f);
}

void b24L_open_http(lua_State *L) {
    static const luaL_Reg functions[] = {{"http_request", http_request},
                                         {"http_reply", http_reply},
                                         {"cosocket_failure", cosocket_failure},
                                         {"may_yield", b24L_may_yield},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"feed", reader_feed}, {"eof", reader_eof}, {"lost", reader_lost}, {NULL, NULL}};
    b24L_open_type(L, HEAD_TYPE, head_gc, NULL);
    b24L_open_type(L, READER_TYPE, reader_gc, methods);
    b24L_setfuncs(L, functions);
}
