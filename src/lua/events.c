/* What a host in Lua tells a call, and what the call answers: tables -> events, actions -> tables.
 */
#include <string.h>

#include "lua/file.h"

/* ------------------------------------------------------------ events: tables -> structs */

/* [0, +1] The value stays on the stack, which keeps it alive: a finaliser might take it out of the
 * table. */
static struct b24_view view_field(lua_State *L, const char *name) {
    struct b24_view v = {"", 0};
    luaL_checkstack(L, 4, "event");
    lua_pushstring(L, name);
    lua_rawget(L, 4);
    if (lua_type(L, -1) == LUA_TSTRING) v.p = lua_tolstring(L, -1, &v.n);
    else if (!lua_isnil(L, -1))
        luaL_error(L, "b24: '%s' must be a string, not a %s", name, luaL_typename(L, -1));
    return v;
}

static b24_ms time_field(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, 4);
    lua_Number seconds = lua_tonumber(L, -1);
    bool given = lua_type(L, -1) == LUA_TNUMBER && seconds >= 0 && seconds <= 1e9;
    lua_pop(L, 1);
    return given ? b24_to_ms(seconds) : B24_NO_MS;
}

static bool flag_field(lua_State *L, const char *name) {
    lua_getfield(L, 4, name);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

void b24L_reply_from_table(lua_State *L, struct b24_reply *r) {
    memset(r, 0, sizeof *r);
    lua_getfield(L, 4, "status");
    lua_Number status = lua_tonumber(L, -1);
    if (!(status >= 100 && status <= 999))
        luaL_error(L, "b24: a reply needs a status between 100 and 999");
    r->status = (int)status;
    lua_getfield(L, 4, "http_version");
    r->http_version = (int)(lua_tonumber(L, -1) * 10 + 0.5); /* 1.1 -> 11 */
    lua_pop(L, 2);
    r->body = view_field(L, "body");
    r->content_type = view_field(L, "content_type");
    r->location = view_field(L, "location");
    r->retry_after = view_field(L, "retry_after");
    r->date = view_field(L, "date");
    r->last_message_id = view_field(L, "last_message_id");
    r->expires = view_field(L, "expires");
    r->reused = flag_field(L, "reused");
}

void b24L_failure_from_table(lua_State *L, struct b24_failure *f) {
    static const enum b24_kind kinds[] = {B24_NETWORK, B24_TLS,    B24_TIMEOUT, B24_TOO_LARGE,
                                          B24_CLOSED,  B24_CONFIG, B24_DECODE};
    struct b24_view kind = view_field(L, "kind"), code = view_field(L, "code");
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(b24_kind_name(kinds[i]), kind.p) == 0) f->kind = kinds[i];
    if (f->kind == B24_OK)
        luaL_error(L, "b24: 'failed' needs a kind: network, tls, timeout, too_large, closed, "
                      "config or decode");
    f->code = code.n > 0 ? code.p : "TRANSFER_FAILED";
    f->sent = flag_field(L, "sent");
    f->text = view_field(L, "message");
    struct b24_view hint = view_field(L, "hint");
    f->hint = hint.n > 0 ? hint.p : NULL;
}

/* {wait = seconds} | {refused = true [, wait = seconds]} | {broken = true}: of a limiter;
   {ok =, value =, message =}: of another function, what pcall and then the function returned */
static void answer_from_table(lua_State *L, struct b24L_call *c, struct b24_event *event) {
    memset(&event->as.answer, 0, sizeof event->as.answer);
    lua_getfield(L, 4, "ok");
    if (!lua_isnil(L, -1)) {
        bool ok = lua_toboolean(L, -1);
        lua_getfield(L, 4, "value"); /* these stay on the stack */
        lua_getfield(L, 4, "message");
        b24L_read_user_answer(L, c, ok, event);
        return;
    }
    event->as.answer.wait = time_field(L, "wait");
    event->as.answer.verdict = flag_field(L, "refused")             ? B24_REFUSED
                               : flag_field(L, "broken")            ? B24_BROKEN
                               : event->as.answer.wait != B24_NO_MS ? B24_GRANTED
                                                                    : B24_BROKEN;
}

void b24L_read_event(lua_State *L, struct b24L_call *c, struct b24_event *event) {
    const char *name = luaL_checkstring(L, 3);
    bool known = false;
    for (int i = B24_GO; i <= B24_CANCEL; i++)
        if (strcmp(b24_event_name((enum b24_event_type)i), name) == 0)
            event->type = (enum b24_event_type)i, known = true;
    if (!known) luaL_error(L, "b24: no event is called '%s'", name);
    if (event->type != B24_REPLY && event->type != B24_FAILED && event->type != B24_ANSWER) return;
    luaL_checktype(L, 4, LUA_TTABLE);
    if (event->type == B24_ANSWER) answer_from_table(L, c, event);
    else if (event->type == B24_REPLY) b24L_reply_from_table(L, &event->as.reply);
    else b24L_failure_from_table(L, &event->as.failed);
}

/* ------------------------------------------------------------ actions: structs -> values */

void b24L_push_request(lua_State *L, const struct b24_request *r) {
    lua_createtable(L, 0, 7);
    lua_pushstring(L, r->url);
    lua_setfield(L, -2, "url");
    lua_pushstring(L, r->body.n > 0 ? "POST" : "GET");
    lua_setfield(L, -2, "verb");
    b24L_push_body(L, r);
    lua_setfield(L, -2, "body");
    b24L_set_count(L, -1, "length", (lua_Number)b24_body_length(r->body, r->files));
    lua_pushnumber(L, b24_to_seconds(r->timeout));
    lua_setfield(L, -2, "timeout");
    lua_pushboolean(L, r->repeatable);
    lua_setfield(L, -2, "repeatable");
    lua_newtable(L);
    for (const char *const *h = r->headers; *h != NULL; h++) {
        const char *colon = strchr(*h, ':');
        lua_pushlstring(L, *h, (size_t)(colon - *h));
        lua_pushstring(L, colon + 2);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "headers");
}

/* {question = "reserve" | …, portal = origin, time = seconds [, tokens = {…}]} */
static void push_question(lua_State *L, const struct b24L_call *c, const struct b24_action *a) {
    lua_createtable(L, 0, 4);
    if (a->as.ask.question == B24_SAVE) {
        b24L_push_tokens(L, c->conf->app);
        lua_setfield(L, -2, "tokens");
    }
    lua_pushstring(L, b24_question_name(a->as.ask.question));
    lua_setfield(L, -2, "question");
    lua_pushstring(L, b24_call_origin(c->call));
    lua_setfield(L, -2, "portal");
    lua_pushnumber(L, b24_to_seconds(a->as.ask.time));
    lua_setfield(L, -2, "time");
}

void b24L_push_action(lua_State *L, const struct b24L_call *c, const struct b24_action *a) {
    lua_pushstring(L, b24_action_name(a->type));
    if (a->type == B24_SEND) b24L_push_request(L, a->as.send);
    else if (a->type == B24_SLEEP) lua_pushnumber(L, b24_to_seconds(a->as.sleep));
    else if (a->type == B24_ASK) push_question(L, c, a);
    else lua_pushnil(L);
}
