/* What a call needs while it renews its credential: b24's own store of tokens, the lock that goes
   with any store, and the user's functions. */
#include <string.h>

#include "lua/binding.h"

/* ------------------------------------------------------------ b24's own store */

static void say(struct b24_event *answer, enum b24_verdict verdict) {
    memset(&answer->as.answer, 0, sizeof answer->as.answer);
    answer->type = B24_ANSWER;
    answer->as.answer.verdict = verdict;
}

static void say_fault(struct b24_event *answer, const struct b24_fault *fault) {
    say(answer, B24_BROKEN);
    answer->as.answer.text = b24_view_of(fault->message);
    answer->as.answer.code = fault->code;
}

static void forget(struct b24L_call *c) {
    b24_app_free(c->stored);
    c->stored = NULL;
}

/* Where the lock is; NULL: there is no place for one. `out`: for tokens in the user's own store. */
static const char *lock_path(const struct b24L_call *c, char out[B24_STORE_MAX]) {
    const struct b24_conf *conf = c->conf;
    if (conf->app == NULL) return NULL;
    if (conf->renewal == B24_FILED) return conf->app->store;
    return b24_store_lock_path(conf->app, conf->origin, conf->runtime_dir, out) ? out : NULL;
}

/* Looks at a busy lock, 25 ms apart: a second is more than most refreshes take. */
#define LOOKS 40

/* Perhaps a coroutine of this Lua has it that was killed, or never resumed, as nginx does to light
   threads. Nothing but its end as garbage frees it. */
static void free_garbage(lua_State *L, struct b24L_call *c) {
    if (++c->looks == LOOKS) lua_gc(L, LUA_GCCOLLECT, 0);
}

/* A store of the user's own without a place for a lock: this process alone is in order, see
   b24_conf's renewer. */
static void lock(lua_State *L, struct b24L_call *c, struct b24_event *answer,
                 struct b24_fault *fault) {
    char path[B24_STORE_MAX];
    bool own = c->conf->renewal == B24_STORED;
    const char *at = lock_path(c, path);
    enum b24_store_result got =
        at != NULL ? b24_store_lock(&c->lock, at, own, fault) : B24_STORE_OK;
    if (got == B24_STORE_NONE) free_garbage(L, c);
    if (got == B24_STORE_BAD && !own) say_fault(answer, fault);
    else say(answer, got == B24_STORE_NONE ? B24_REFUSED : B24_GRANTED);
}

static void load(struct b24L_call *c, struct b24_event *answer, struct b24_fault *fault) {
    forget(c);
    c->stored = b24_app_new();
    enum b24_store_result got = B24_STORE_BAD;
    if (c->stored != NULL) got = b24_store_read(c->conf->app->store, c->stored, fault);
    else b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
    if (got == B24_STORE_BAD) say_fault(answer, fault);
    else say(answer, got == B24_STORE_OK ? B24_GRANTED : B24_REFUSED);
    if (got == B24_STORE_OK) answer->as.answer.stored = c->stored;
}

static void save(struct b24L_call *c, struct b24_event *answer, struct b24_fault *fault) {
    if (b24_store_save(&c->lock, c->conf->app->store, c->conf->app, fault))
        say(answer, B24_GRANTED);
    else say_fault(answer, fault);
}

/* In the file as it is; without one these tokens begin it. Whatever comes of it: the call's outcome
   is the server's. */
static void mark(struct b24L_call *c, struct b24_event *answer, struct b24_fault *fault) {
    const struct b24_app *mine = c->conf->app, *what = mine;
    say(answer, B24_GRANTED);
    if (c->stored != NULL && c->stored->grant.refresh_token[0] != '\0') {
        if (strcmp(c->stored->grant.refresh_token, mine->grant.refresh_token) != 0) return;
        memcpy(c->stored->dead, mine->dead, sizeof mine->dead);
        what = c->stored;
    } else if (mine->settled) return;
    (void)b24_store_save(&c->lock, mine->store, what, fault);
}

void b24L_leave_store(struct b24L_call *c) {
    char path[B24_STORE_MAX];
    if (c->lock.fd >= 0) { /* without the conf, which was collected before: only the lock goes */
        const char *at = lock_path(c, path);
        b24_store_unlock(&c->lock, at != NULL ? at : "");
    }
    forget(c);
}

void b24L_use_store(lua_State *L, struct b24L_call *c, enum b24_store_act what,
                    struct b24_event *answer, struct b24_fault *fault) {
    switch (what) {
    case B24_STORE_LOCK: lock(L, c, answer, fault); break;
    case B24_STORE_LOAD: load(c, answer, fault); break;
    case B24_STORE_SAVE: save(c, answer, fault); break;
    case B24_STORE_MARK: mark(c, answer, fault); break;
    case B24_STORE_UNLOCK:
        b24L_leave_store(c);
        say(answer, B24_GRANTED);
        break;
    }
}

/* ------------------------------------------------------------ the user's functions */

static struct b24_view text_at(lua_State *L, int index) {
    struct b24_view v = {"", 0};
    if (lua_type(L, index) == LUA_TSTRING) v.p = lua_tolstring(L, index, &v.n);
    return v;
}

/* Tokens in a table at `index`. */
static void read_table(lua_State *L, struct b24L_call *c, int index, struct b24_event *event) {
    const char *wrong = NULL;
    forget(c);
    c->stored = b24_app_new();
    if (c->stored != NULL) wrong = b24L_read_tokens(L, index, c->stored);
    if (c->stored == NULL || wrong != NULL) {
        say(event, B24_BROKEN);
        wrong = wrong != NULL ? "a member of the table is no usable text" : "out of memory";
        event->as.answer.text = b24_view_of(wrong);
    } else event->as.answer.stored = c->stored;
}

void b24L_read_user_answer(lua_State *L, struct b24L_call *c, bool ok, struct b24_event *event) {
    int value = lua_gettop(L) - 1, message = value + 1;
    bool failed = !ok || lua_type(L, value) == LUA_TBOOLEAN
                      ? !ok || !lua_toboolean(L, value)
                      : lua_isnil(L, value) && !lua_isnil(L, message);
    if (failed) {
        say(event, B24_BROKEN);
        event->as.answer.text = text_at(L, lua_isnil(L, message) ? value : message);
        return;
    }
    say(event, lua_isnil(L, value) ? B24_REFUSED : B24_GRANTED);
    event->as.answer.text = text_at(L, value);
    if (lua_istable(L, value)) read_table(L, c, value, event);
}

/* [-2, 0] Keeps both values, of which the event may have views. */
static void keep_said(lua_State *L, int call) {
    lua_createtable(L, 2, 0);
    lua_insert(L, -3);
    lua_rawseti(L, -3, 2);
    lua_rawseti(L, -2, 1);
    b24L_getuservalue(L, call);
    lua_insert(L, -2);
    lua_rawseti(L, -2, B24_CALL_SAID);
    lua_pop(L, 1);
}

void b24L_ask_user(lua_State *L, int call, const struct b24_action *ask, struct b24_event *event) {
    struct b24L_call *c = lua_touserdata(L, call);
    int top = lua_gettop(L), given = 0;
    luaL_checkstack(L, 8, "store");
    b24L_push_kept(L, call, B24_KEEP_RESERVE + (int)ask->as.ask.question);
    if (ask->as.ask.question == B24_SAVE) {
        b24L_push_tokens(L, c->conf->app);
        given = 1;
    }
    int status = lua_pcall(L, given, 2, 0);
    b24L_check_pcall(L, status);
    if (status != 0) lua_pushnil(L);
    b24L_read_user_answer(L, c, status == 0, event);
    keep_said(L, call);
    lua_settop(L, top);
}
