/* make oom: the n-th allocation fails, for n = 0, 1, 2, ... until nothing fails any more. Whatever
   is done then must end in a result, in nil, err, info, or in Lua's own "not enough memory": no
   crash, no leak, and the next try works. oom SCENARIOS.lua WEBHOOK [NAME of the only scenario] */
#define _POSIX_C_SOURCE 200809L
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lua/binding.h"
#include "oom.h"

#define SLOW                                                                                       \
    20.0        /* seconds: a call that lost an allocation must not hang until its deadline of 25 */
#define STOP 60 /* seconds: what hangs without a deadline is killed */

/* An engine's thread allocates when it likes, so the n-th allocation is not always the same one:
   only after so many n in a row at which nothing failed was the last n behind the last allocation.
 */
#define QUIET 3
#define AGAIN 5 /* runs in which a complaint has to come again */

#define LOOKS      50       /* at what is freed late */
#define LOOK_PAUSE 20000000 /* ns */

static const char *file, *webhook;
static const char *const side_names[SIDES] = {"Lua", "C"};
static const char *const mode_names[MODES] = {"one fails", "all from there fail"};

struct scenario {
    char name[40];
    bool bare, cold;
    bool threads; /* it uses an engine */
};

struct trial {
    struct scenario scenario;
    int index; /* in the list of scenarios, from 1 */
    enum side side;
    enum mode mode;
    long n;
    const char *expected; /* what the run answers when nothing fails; NULL: anything but nil */
};

/* Writes any values as text: show(...). Keys are sorted, times left out. */
static const char show[] =
    "local function show(v, seen)\n"
    "  if type(v) == 'number' then return ('%.14g'):format(v) end\n"
    "  if type(v) ~= 'table' then return (tostring(v):gsub('0x%x+', '')) end\n"
    "  local out = {}\n"
    "  for k, x in pairs(v) do\n"
    "    if k ~= 'time' and k ~= 'elapsed' and k ~= 'reused' then out[#out + 1] = tostring(k) .. "
    "'=' .. show(x) end\n"
    "  end\n"
    "  table.sort(out)\n"
    "  return '{' .. table.concat(out, ' ') .. '}'\n"
    "end\n"
    "return function(...) return show({ n = select('#', ...), ... }) end\n";

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(lua_State *L, const char *what) {
    printf("oom: %s: %s\n", what, lua_tostring(L, -1));
    exit(1);
}

/* A fresh state; stack: show, the list of scenarios. */
static lua_State *new_state(bool bare) {
#if LUA_VERSION_NUM >= 505
    lua_State *L = lua_newstate(oom_lua_alloc, NULL, 0); /* the same hashes in every run */
#else
    lua_State *L = lua_newstate(oom_lua_alloc, NULL);
#endif
    luaL_openlibs(L);
    if (luaL_loadstring(L, show) != 0 || lua_pcall(L, 0, 1, 0) != 0) die(L, "show");
    if (luaL_loadfile(L, file) != 0) die(L, "scenarios");
    lua_newtable(L);
    lua_pushcfunction(L, luaopen_b24_codec);
    lua_setfield(L, -2, "codec");
    lua_pushcfunction(L, luaopen_b24_core);
    lua_setfield(L, -2, "core");
    lua_pushstring(L, webhook);
    lua_pushboolean(L, bare);
    if (lua_pcall(L, 3, 1, 0) != 0) die(L, "scenarios");
    return L;
}

/* [0, +1] The function of scenario `index`; what it needs before is done, once in a state. */
static void push_run(lua_State *L, int index) {
    lua_rawgeti(L, 2, index);
    lua_getfield(L, -1, "prepare");
    if (lua_isnil(L, -1)) lua_pop(L, 1);
    else if (lua_pcall(L, 0, 0, 0) != 0) die(L, "prepare");
    lua_getfield(L, -1, "run");
    lua_remove(L, -2);
}

/* [-(top - base), +1] show(everything above stack index base) */
static const char *show_above(lua_State *L, int base) {
    lua_pushvalue(L, 1);
    lua_insert(L, base + 1);
    if (lua_pcall(L, lua_gettop(L) - base - 1, 1, 0) != 0) die(L, "show");
    return lua_tostring(L, -1);
}

static bool complain(const struct trial *t, const char *what, const char *text) {
    printf("oom: %s, allocation %ld (%s, %s): %s: %s\n", t->scenario.name, t->n,
           side_names[t->side], mode_names[t->mode], what, text);
    return false;
}

/* The values above stack index 2 are what a run left; their text replaces them. */
static bool as_expected(lua_State *L, const struct trial *t) {
    bool any = !lua_isnil(L, 3);
    const char *text = show_above(L, 2);
    return t->expected != NULL ? strcmp(text, t->expected) == 0 : any;
}

/* After a run with failing memory. */
static bool acceptable(lua_State *L, const struct trial *t, int status) {
    if (status == LUA_ERRMEM) return true;
    if (status != 0) { /* encode and params throw in words: they have no other way to answer */
        const char *text = lua_tostring(L, -1);
        return (text != NULL && strstr(text, "memory") != NULL) ||
               complain(t, "threw", text ? text : "no text");
    }
    if (lua_gettop(L) >= 4 && lua_isnil(L, 3) && lua_isstring(L, 4)) return true;
    return as_expected(L, t) || complain(t, "another result", lua_tostring(L, -1));
}

static const struct trial *at_present;

/* Not what a signal handler should do, but the process ends here. */
static void on_alarm(int signal) {
    (void)signal;
    complain(at_present, "hung", "killed");
    _exit(1);
}

static long grown(const struct blocks *before, enum owner owner) {
    return blocks_now().live[owner] - before->live[owner];
}

/* What is freed late, by a thread that was left to itself, is no leak. LeakSanitizer looks at all
   that nobody holds, but only at the end, and cannot tell which n it was. What libcurl alone keeps
   is told, and left to it. */
static bool no_leak(const struct trial *t, const struct blocks *before) {
    int looks = 0;
    while ((grown(before, OURS) > 0 || grown(before, LIBCURL) > 0) && looks++ < LOOKS)
        nanosleep(&(struct timespec){0, LOOK_PAUSE}, NULL);
    bool ours = grown(before, OURS) > 0;
    if (!ours && grown(before, LIBCURL) <= 0) return true;
    blocks_print(before);
    if (ours) return complain(t, "leaked", "the blocks above; OOM_TRACE=1 tells more");
    complain(t, "libcurl keeps", "the blocks above");
    return true;
}

/* One run with failing memory, one without. *blown: how many allocations failed. */
static bool try_once(const struct trial *t, long *blown) {
    struct blocks before = blocks_now();
    at_present = t;
    alarm(STOP);
    lua_State *L = new_state(t->scenario.bare);
    push_run(L, t->index);
    double begun = now();
    /* Lua gives up a finaliser for which it has no memory, and what that should have freed is lost.
     */
    if (t->mode == ALL || t->scenario.threads) lua_gc(L, LUA_GCSTOP, 0);
    fuse_light(t->side, t->mode, t->n);
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    *blown = fuse_put_out();
    lua_gc(L, LUA_GCRESTART, 0);
    bool ok = acceptable(L, t, status);
    if (now() - begun > SLOW) ok = complain(t, "hung", "until its deadline");
    lua_settop(L, 2);
    lua_gc(L, LUA_GCCOLLECT, 0);
    push_run(L, t->index);
    status = lua_pcall(L, 0, LUA_MULTRET, 0);
    bool good = status == 0 && as_expected(L, t);
    if (ok && !good) ok = complain(t, "the next try answered", lua_tostring(L, -1));
    lua_close(L);
    return (t->expected == NULL || no_leak(t, &before)) && ok;
}

/* With threads and sockets no two runs are the same: what is wrong must show itself again. It is
   told in any case. */
static bool shows_again(const struct trial *t) {
    long blown;
    if (!t->scenario.threads) return true;
    for (int i = 0; i < AGAIN; i++)
        if (!try_once(t, &blown)) return true;
    printf("oom: %s, allocation %ld: not seen again in %d runs\n", t->scenario.name, t->n, AGAIN);
    return false;
}

/* Adds to *survived. */
static bool try_all(struct trial *t, long *survived) {
    int quiet = 0, wanted = t->scenario.threads ? QUIET : 1;
    bool ok = true;
    for (t->n = 0; quiet < wanted && ok; t->n++) {
        long blown = 0;
        ok = try_once(t, &blown) || !shows_again(t);
        quiet = blown > 0 ? 0 : quiet + 1;
    }
    *survived += t->n - quiet;
    return ok;
}

/* The same where libcurl has not been started: one process for each n. */
static bool try_all_cold(struct trial *t) {
    enum { SURVIVED, FAILED, NOTHING_FAILED };
    t->side = C_SIDE;
    int status = SURVIVED;
    for (t->n = 0; status == SURVIVED; t->n++) {
        pid_t child = fork();
        if (child == 0) {
            long blown;
            bool ok = try_once(t, &blown);
            exit(!ok ? FAILED : blown > 0 ? SURVIVED : NOTHING_FAILED);
        }
        if (child < 0 || waitpid(child, &status, 0) != child) return complain(t, "fork", "failed");
        status = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
    }
    if (status == FAILED) return complain(t, "in a new process", "failed");
    printf("oom %s %s, libcurl not started: survived %ld failing allocations\n", LUA_VERSION,
           t->scenario.name, t->n - 1);
    return true;
}

/* What the scenario answers when nothing fails. */
static const char *reference(lua_State *L, struct trial *t) {
    lua_State *fresh = new_state(t->scenario.bare);
    push_run(fresh, t->index);
    if (lua_pcall(fresh, 0, LUA_MULTRET, 0) != 0) die(fresh, t->scenario.name);
    lua_pushstring(L, show_above(fresh, 2));
    lua_close(fresh);
    return lua_tostring(L, -1); /* stays on L's stack */
}

static bool try_scenario(struct trial *t) {
    long survived[SIDES] = {0};
    bool ok = true;
    for (t->side = 0; t->side < SIDES; t->side++)
        for (t->mode = 0; t->mode < MODES; t->mode++) ok = try_all(t, &survived[t->side]) && ok;
    if (ok)
        printf("oom %s %s: survived %ld failing allocations (%ld in Lua, %ld in C)\n", LUA_VERSION,
               t->scenario.name, survived[LUA_SIDE] + survived[C_SIDE], survived[LUA_SIDE],
               survived[C_SIDE]);
    return ok;
}

/* All scenarios, or those to be tried in new processes. In the latter nothing may start libcurl
 * here. */
static bool try_list(lua_State *L, const char *only, bool cold) {
    bool ok = true;
    for (int i = 1; i <= (int)b24L_rawlen(L, 2); i++) {
        struct trial t = {.index = i};
        lua_rawgeti(L, 2, i);
        lua_getfield(L, -1, "name");
        snprintf(t.scenario.name, sizeof t.scenario.name, "%s", lua_tostring(L, -1));
        lua_getfield(L, -2, "bare");
        t.scenario.bare = lua_toboolean(L, -1);
        lua_getfield(L, -3, "cold");
        t.scenario.cold = lua_toboolean(L, -1);
        lua_getfield(L, -4, "threads");
        t.scenario.threads = lua_toboolean(L, -1);
        lua_pop(L, 5);
        if ((only != NULL && strcmp(only, t.scenario.name) != 0) || (cold && !t.scenario.cold))
            continue;
        if (!cold) t.expected = reference(L, &t);
        ok = (cold ? try_all_cold(&t) : try_scenario(&t)) && ok;
        lua_settop(L, 2);
    }
    return ok;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: oom SCENARIOS.lua WEBHOOK [NAME]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IONBF, 0); /* LeakSanitizer ends the process before stdio is flushed */
    signal(SIGALRM, on_alarm);
    file = argv[1];
    webhook = argv[2];
    oom_hook_cjson();
    lua_State *L = new_state(false);
    bool ok = try_list(L, argc > 3 ? argv[3] : NULL, true);
    ok = try_list(L, argc > 3 ? argv[3] : NULL, false) && ok;
    lua_close(L);
    return ok ? 0 : 1;
}
