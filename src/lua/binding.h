/* lua/binding.h: what the files that know Lua share. Stack effects are noted as [-popped, +pushed].
 */
#ifndef B24_LUA_BINDING_H
#define B24_LUA_BINDING_H

#include <cjson/cJSON.h>

#include "base/number.h"
#include "lua/compat.h"
#include "os/limiter_file.h"
#include "os/token_store.h"
#include "rest/call.h"

B24_PRIVATE_BEGIN

/* ---- lua/values.c: cJSON -> Lua */

/* [0, +1] JSON null inside results: lightuserdata NULL, as cjson.null and ngx.null. */
void b24L_push_null(lua_State *L);

/* [0, +1] A number: an integer where the value is one (5.3+: subtype integer), 1.0 too. */
void b24L_push_number(lua_State *L, double value);

/* [0, 0] The number at `index` in the shortest decimal form that reads back as the same; its
   length, 0 for NaN and infinity. */
size_t b24L_number_text(lua_State *L, int index, char out[B24_NUMBER_MAX]);

/* [0, +1] Any value. Null members are left out unless `nulls`; null elsewhere is b24.null. */
void b24L_push_json(lua_State *L, const cJSON *value, bool nulls);

/* ---- lua/fields.c */

/* [0, 0] A whole number at `index`? Allocates nothing. */
bool b24L_to_count(lua_State *L, int index, lua_Number *count);

/* [0, 0] Sets a member of the table at `table`, raw; no text: nil. */
void b24L_set_count(lua_State *L, int table, const char *name, lua_Number value);
void b24L_set_text(lua_State *L, int table, const char *name, const char *value);
void b24L_set_flag(lua_State *L, int table, const char *name, bool value);

/* ---- lua/params.c: Lua -> JSON */

/* [0, 0] Writes the value at `index` as JSON; an empty table is {} at the top and [] inside. NULL,
   or a static phrase that goes on from "a parameter ...", such as "is infinite"; `out` is
   incomplete in that case. */
const char *b24L_encode_params(lua_State *L, int index, struct b24_buffer *out);

enum b24_keys {
    B24_KEYS_EMPTY,
    B24_KEYS_ARRAY, /* 1..n */
    B24_KEYS_OBJECT,
    B24_KEYS_MIXED, /* strings and integers */
    B24_KEYS_BAD    /* others */
};

/* [0, 0] What the keys of the table on top are. */
enum b24_keys b24L_classify_keys(lua_State *L);

#define B24_MIXED_KEYS "has list items and named members in one table"
#define B24_BAD_KEYS   "has a key that is neither a string nor a whole number"

/* ---- lua/counters.c: the answer of im.counters.get -> one shape for every server generation */

/* [0, +1] and true; or [0, 0] and false if `result` is no counters answer. Reshapes `result`, see
   im/counters.h. Null members: as b24L_push_json. */
bool b24L_push_counters(lua_State *L, cJSON *result, bool nulls);

int b24L_as_counters(lua_State *L);

/* Registers the type of maps. [0, 0] */
void b24L_open_counters(lua_State *L);

/* ---- lua/dialogs.c, lua/totals.c: questions about a counters table. Registered by codec.c. */

int b24L_dialogs(lua_State *L);
int b24L_diff(lua_State *L);
int b24L_totals(lua_State *L);
int b24L_badge(lua_State *L);

/* ---- lua/conf.c: conf */

#define B24_CONF_TYPE                                                                              \
    "b24.conf " B24_VERSION /* two builds of one version may share it, other versions may not */

/* What a conf object keeps in its uservalue table. */
enum {
    B24_KEEP_PORTAL = 1,
    B24_KEEP_OWN,
    B24_KEEP_LOG,
    /* the user's functions, in the order of enum b24_question */
    B24_KEEP_RESERVE,
    B24_KEEP_PENALISE,
    B24_KEEP_LOAD,
    B24_KEEP_SAVE,
    B24_KEEP_CREDENTIAL
};

/* What a call object keeps in its own. B24_CALL_PORTAL: of a portal that was renamed. */
enum { B24_CALL_CONF = 1, B24_CALL_PORTAL, B24_CALL_NAMES, B24_CALL_LOG_ERROR, B24_CALL_SAID };

/* [0, +1] What the conf of the call object at `call` keeps. lua/fields.c */
void b24L_push_kept(lua_State *L, int call, int which);

/* [0, +1] The conf object for the argument at `index`: itself, or made from nil, a URL or a table.
   NULL: [0, +3] nil, message, info. A wrong type or unknown name throws as b24L_throw does. */
const struct b24_conf *b24L_to_conf(lua_State *L, int index);

/* Registers the types. [0, 0] */
void b24L_open_conf(lua_State *L);

/* [0, 0] Throws for an unknown or wrongly typed option in the table at `conf`. lua/options.c */
void b24L_check_options(lua_State *L, int conf);

/* codec.options: the same for the options of any call. */
int b24L_options(lua_State *L);

/* ---- lua/credential.c: who a conf is for */

/* [0, 0] The credential of the table at `conf`, or the one found for it; functions go into the
   table at `keep`. */
bool b24L_take_credential(lua_State *L, int conf, struct b24_conf *c, int keep,
                          struct b24_fault *fault);

/* [0, 0] The webhook at `index`, a string. */
bool b24L_take_webhook(lua_State *L, int index, struct b24_conf *c, struct b24_fault *fault);

/* [0, 0] $B24_WEBHOOK or one of the files; `profile` may be NULL. */
bool b24L_find_credential(const char *profile, struct b24_conf *c, struct b24_fault *fault);

/* ---- lua/app.c: conf.oauth, tables <-> tokens */

/* [0, 0] conf.oauth at `oauth`; functions of its store go into the table at `keep`. */
bool b24L_take_app(lua_State *L, int oauth, struct b24_view portal, struct b24_conf *c, int keep,
                   struct b24_fault *fault);

/* [0, 0] The app of a private file, b24's own store at app->store. False: `fault`; NO_CREDENTIAL:
   there is no such file. */
bool b24L_stored_app(struct b24_conf *c, struct b24_fault *fault);

/* [0, 0] What a store's table at `index` holds; NULL, or a phrase such as "member_id is too long".
 */
const char *b24L_read_tokens(lua_State *L, int index, struct b24_app *out);

/* [0, +1] The same as a table. */
void b24L_push_tokens(lua_State *L, const struct b24_app *app);

/* ---- lua/blame.c: whose line an error names */

/* Throws, at the line of the first Lua function up from here that is not part of b24. */
int b24L_throw(lua_State *L, const char *format, ...) B24_PRINTF(2, 3);

int b24L_own(lua_State *L);
int b24L_blame(lua_State *L);

/* ---- lua/portal.c: what this Lua state remembers of each portal, and the limiter's file */

struct b24L_portal {
    struct b24_portal portal;
    char origin[B24_ORIGIN_MAX];
    struct b24_limiter_file file;
};

/* [0, 0] The portal of the conf object at `conf`; made, kept there and shared by all confs of the
 * same portal and folder. */
struct b24L_portal *b24L_find_portal(lua_State *L, int conf);

/* [0, +1] The same for an address that its portal was renamed to. */
struct b24L_portal *b24L_push_portal(lua_State *L, const struct b24_conf *conf, const char *origin);

/* [0, 0] The limiter's file for the own limits of the conf object at `conf`, kept there and shared
   by all confs of the same portal, folder and limits; NULL: it has none. */
struct b24_limiter_file *b24L_find_own(lua_State *L, int conf);

/* Before each step of a call: where the limiter's files are. `own` may be NULL. */
void b24L_ready_portal(struct b24L_portal *portal, struct b24_limiter_file *own,
                       const struct b24_conf *conf);

/* Why the limiter counts in this process only; NULL: it does not. Either argument may be NULL. */
const char *b24L_limiter_trouble(const struct b24L_portal *portal,
                                 const struct b24_limiter_file *own);

void b24L_open_portal(lua_State *L);

/* ---- lua/log.c: conf.log and conf.limiter, functions of the user's */

struct b24L_call;

/* [0, 0] Tells conf.log what the last step did. `call`: stack index of the call object. */
void b24L_tell_log(lua_State *L, int call);

/* [0, +1] What a log may be told next of the last step: a table; nil: no more. */
void b24L_push_log_event(lua_State *L, int call);

/* [0, 0] Asks conf.limiter, a store or a credential's function. */
void b24L_ask(lua_State *L, int call, const struct b24_action *ask, struct b24_event *answer);

/* ---- lua/token.c: b24's own store for calls, and what users' functions say of tokens */

/* [0, 0] Does what a call wants of b24's own store, or of the lock. `fault`: where the answer's
   text is, if it failed. */
void b24L_use_store(lua_State *L, struct b24L_call *c, enum b24_store_act what,
                    struct b24_event *answer, struct b24_fault *fault);

/* [0, 0] The call is over, or given up: its lock ends. */
void b24L_leave_store(struct b24L_call *c);

/* [0, 0] What a function returned, the last two values on the stack, which must stay there; `ok`:
   it did not throw. */
void b24L_read_user_answer(lua_State *L, struct b24L_call *c, bool ok, struct b24_event *event);

/* [0, 0] Asks conf.oauth.store.load or .save, or the function that conf.token or conf.webhook is.
 */
void b24L_ask_user(lua_State *L, int call, const struct b24_action *ask, struct b24_event *answer);

/* ---- lua/outcome.c: outcome -> value, err, info */

/* B24_KEPT: counters, and the reply's text as info.body, for the cache. B24_TEXT: nothing but that
   text, as the result. */
enum b24_shape { B24_PLAIN, B24_COUNTERS, B24_BATCH, B24_KEPT, B24_TEXT };

/* The argument at `index`: nil, "result", "counters", "batch", "kept" or "text"; throws for others.
 */
enum b24_shape b24L_check_shape(lua_State *L, int index);

/* [0, +3] `names`: for B24_BATCH the stack index of the step's names. */
int b24L_push_outcome(lua_State *L, const struct b24_outcome *outcome, const struct b24_conf *conf,
                      const char *method, enum b24_shape shape, int names);

/* [0, +3] nil, message, info; `method` may be NULL. */
int b24L_push_fault(lua_State *L, const struct b24_fault *fault, const char *method);

/* ---- lua/posted.c. Registered by codec.c. */

int b24L_posted(lua_State *L);
int b24L_same_secret(lua_State *L);

/* ---- lua/time.c */

/* [0, +1] The portal's time block, or nil if it is none. */
void b24L_push_time(lua_State *L, const struct b24_conf *conf, const cJSON *time);

/* [0, +1] The same of a block that is known. */
void b24L_push_times(lua_State *L, const struct b24_times *times);

/* ---- lua/call.c: a call object */

#define B24_CALL_TYPE "b24.call " B24_VERSION

struct b24L_call {
    struct b24_call *call;
    struct b24_call *spare; /* a retired one */
    const struct b24_conf *conf;
    struct b24L_portal *portal; /* NULL: `own` */
    struct b24_limiter_file *own_limits;
    struct b24_store_lock lock;        /* of the tokens */
    int looks;                         /* at that, while it was busy */
    struct b24_app *stored;            /* what a store has just said; NULL: nothing */
    const struct b24_request *request; /* set while the last action is SEND */
    const struct b24_outcome *outcome; /* set when DONE */
    enum b24_shape shape;
    bool begun;      /* the first event was told */
    bool busy;       /* in the middle of a step */
    bool logs, told; /* we call conf.log; it knows of a limiter that is not shared */
    struct b24_buffer params;
    struct b24_files *files; /* of the params, until the call has them */
    char method[B24_METHOD_MAX + 1];
    struct b24_portal own; /* last: only a bare call has it */
};

/* What to call; conf, method and params are stack indices. */
struct b24L_setup {
    int conf, method;
    int params; /* 0: none */
    enum b24_shape shape;
    enum b24_idempotent idempotent;
    enum b24_haste haste;
    b24_ms spent; /* of conf's timeout, by the requests that this one follows */
    b24_ms pause; /* see struct b24_call_setup */
    bool bare; /* one request without limiter, retries and memory: for codec.request and codec.reply
                */
    int idle;  /* 0, or an upvalue with a call object to be used again, or with nil */
    uint64_t seed;
};

/* [0, +1] A call object, which keeps conf and portal alive. NULL: [0, +3] nil, message, info.
 * Throws like b24L_to_conf.
 */
struct b24L_call *b24L_new_call(lua_State *L, const struct b24L_setup *setup);

/* [0, 0] The option `idempotent` at `index`: nil, true or false. */
enum b24_idempotent b24L_to_idempotent(lua_State *L, int index);

/* [0, 0] The member `bulk` of the table at `index`: true or not. */
enum b24_haste b24L_to_haste(lua_State *L, int index);

/* [0, 0] The option `spent` or `pause` at `index`: seconds, or nil for none. */
b24_ms b24L_to_spent(lua_State *L, int index);

/* [0, 0] One step: readies the limiter, tells the log. `call`: stack index of the call object. */
struct b24_action b24L_step(lua_State *L, int call, const struct b24_event *event, b24_ms now);

void b24L_open_call(lua_State *L);
int b24L_call(lua_State *L);

/* [0, +3] The outcome of the call object at `call`, which must be done. */
int b24L_push_result(lua_State *L, int call);

/* ---- lua/events.c: what is told to a call, and what it answers */

/* [0, +n] The event named at stack index 3, with what the table at index 4 says of it; its views
   are good while these values are on the stack. Throws for what is no event. */
void b24L_read_event(lua_State *L, struct b24L_call *call, struct b24_event *event);

/* [0, +2] Its name and payload. */
void b24L_push_action(lua_State *L, const struct b24L_call *call, const struct b24_action *action);

/* [0, +n] A reply from the table at stack index 4: {status=, body=, content_type=, location=,
   retry_after=, date=, last_message_id=, expires=}; its views are good while these values are on
   the stack. */
void b24L_reply_from_table(lua_State *L, struct b24_reply *reply);

/* [0, +n] The same for a failure: {kind=, code=, message=, hint=, sent=}. */
void b24L_failure_from_table(lua_State *L, struct b24_failure *failure);

/* [0, +1] {url=, verb=, headers=, body=, length=, timeout=, repeatable=} */
void b24L_push_request(lua_State *L, const struct b24_request *request);

/* ---- lua/ref.c */

int b24L_ref(lua_State *L);

/* [0, 0] Is the value at `index` made by b24.ref? */
bool b24L_batch_is_ref(lua_State *L, int index);
void b24L_open_batch(lua_State *L);

/* ---- lua/batch.c, lua/batch_answer.c: many commands in one request */

int b24L_batch(lua_State *L);
int b24L_batch_check(lua_State *L);

/* [0, +1] {results=, errors=, not_reached=, next=, total=, time=} by name, and true; or [0, 0] and
   false. */
bool b24L_push_batch(lua_State *L, const struct b24_outcome *outcome, const struct b24_conf *conf,
                     int names);

/* ---- lua/cursor.c: lists page by page. Registered by codec.c. */

void b24L_open_cursor(lua_State *L);
int b24L_cursor(lua_State *L);

/* ---- lua/ahead.c: a cursor's pages that are asked for ahead */

void b24L_open_ahead(lua_State *L);

/* ---- lua/cost.c: what requests that belong together cost. Registered by codec.c. */

int b24L_add_cost(lua_State *L);

/* ---- lua/watch.c: when a watch asks again. Registered by codec.c. */

void b24L_open_watch(lua_State *L);
int b24L_watch(lua_State *L);

/* ---- lua/live.c: the push channel of a user. Registered by codec.c. */

#define B24_LIVE_TYPE "b24.live " B24_VERSION

/* [0, 0] The conf of the live channel at `index`, and the request that it waits for; NULL: none. */
const struct b24_request *b24L_live_request(lua_State *L, int index, const struct b24_conf **conf);

void b24L_open_live(lua_State *L);
int b24L_live(lua_State *L);

/* ---- lua/live_share.c: which process listens. Registered by codec.c. */

void b24L_open_live_share(lua_State *L);
int b24L_live_share(lua_State *L);

/* ---- lua/yield.c */

/* codec.may_yield() -> true or false; nil: this Lua does not tell (PUC 5.1, 5.2) */
int b24L_may_yield(lua_State *L);

/* ---- codec.c */

/* Lua 5.1 does not tell its main thread; the registry remembers it from loading. */
#define B24_MAIN_KEY "b24.main"

/* [0, +1] The table of everything that needs no libcurl. */
void b24L_open_codec(lua_State *L);

B24_PRIVATE_END

B24_EXPORT int luaopen_b24_codec(lua_State *L);
B24_EXPORT int luaopen_b24_core(lua_State *L);

#endif
