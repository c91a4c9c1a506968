/* An outcome as the three values that every call returns: value, err, info. */
#include <string.h>

#include "lua/decode.h"

static void set_json(lua_State *L, const char *name, const cJSON *value) {
    if (value == NULL || cJSON_IsNull(value)) return;
    b24L_push_json(L, value, false);
    lua_setfield(L, -2, name);
}

static const char *version_text(int version) {
    switch (version) {
    case 10: return "1.0";
    case 11: return "1.1";
    case 20: return "2";
    case 30: return "3";
    default: return NULL;
    }
}

/* [0, 0] What a failure adds to the info table on top. */
static void set_failure(lua_State *L, const struct b24_outcome *o) {
    b24L_set_text(L, -1, "kind", b24_kind_name(o->kind));
    b24L_set_text(L, -1, "code", o->code);
    b24L_set_text(L, -1, "message", o->message);
    b24L_set_text(L, -1, "hint", o->hint);
    b24L_set_flag(L, -1, "retryable", o->retryable);
    b24L_set_flag(L, -1, "sent", o->sent);
    if (o->retry_after != B24_NO_MS)
        b24L_set_count(L, -1, "retry_after", b24_to_seconds(o->retry_after));
}

/* [0, +1] */
static void push_info(lua_State *L, const struct b24_outcome *o, const struct b24_conf *conf,
                      const char *method) {
    int members = 7 + (o->time != NULL || o->times.known) + (o->next != NULL) + (o->total != NULL);
    lua_createtable(L, 0, o->kind == B24_OK ? members : members + 7);
    if (o->status > 0) b24L_set_count(L, -1, "status", o->status);
    b24L_set_text(L, -1, "method", method);
    b24L_set_count(L, -1, "attempts", o->attempts);
    b24L_set_count(L, -1, "waited", b24_to_seconds(o->waited));
    b24L_set_count(L, -1, "elapsed", b24_to_seconds(o->elapsed));
    if (o->status > 0) b24L_set_flag(L, -1, "reused", o->reused);
    b24L_set_text(L, -1, "http_version", version_text(o->http_version));
    if (o->times.known) b24L_push_times(L, &o->times);
    else b24L_push_time(L, conf, o->time);
    lua_setfield(L, -2, "time");
    if (o->kind != B24_OK) {
        set_failure(L, o);
        return;
    }
    set_json(L, "next", o->next);
    set_json(L, "total", o->total);
}

static int push_failure(lua_State *L, const struct b24_outcome *o, const struct b24_conf *conf,
                        const char *method) {
    lua_pushnil(L);
    lua_pushstring(L, o->text);
    push_info(L, o, conf, method);
    return 3;
}

int b24L_push_outcome(lua_State *L, const struct b24_outcome *o, const struct b24_conf *conf,
                      const char *method, enum b24_shape shape, int names) {
    luaL_checkstack(L, 10, "reply");
    if (o->kind != B24_OK) return push_failure(L, o, conf, method);
    bool counters = shape == B24_COUNTERS || shape == B24_KEPT;
    if (shape == B24_PLAIN && o->result_text != NULL) {
        b24L_push_checked(L, o->result_text, o->result_sizes, conf->nulls);
    } else if (shape == B24_PLAIN) {
        b24L_push_json(L, o->result, conf->nulls);
    } else if (shape == B24_TEXT) {
        struct b24_view text = b24_buffer_view(&o->body);
        lua_pushlstring(L, text.p, text.n);
    } else if (counters ? !b24L_push_counters(L, o->result, conf->nulls)
                        : !b24L_push_batch(L, o, conf, names)) {
        struct b24_outcome unusable = *o; /* shares the document with *o, which frees it */
        b24_outcome_unusable(&unusable, conf, counters ? "NO_COUNTERS" : "NO_BATCH",
                             counters ? "the result is not an object with counters"
                                      : "the result is not that of a batch",
                             "Check that the URL is a webhook of a Bitrix24 portal.");
        return push_failure(L, &unusable, conf, method);
    }
    lua_pushnil(L);
    push_info(L, o, conf, method);
    if (shape == B24_KEPT && o->body.n > 0) {
        lua_pushlstring(L, o->body.p, o->body.n);
        lua_setfield(L, -2, "body");
    }
    return 3;
}

int b24L_push_fault(lua_State *L, const struct b24_fault *fault, const char *method) {
    struct b24_outcome o;
    luaL_checkstack(L, 8, "error");
    b24_outcome_init(&o);
    b24_outcome_fault(&o, fault);
    return push_failure(L, &o, NULL, method);
}
