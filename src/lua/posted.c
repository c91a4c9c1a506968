/* What Bitrix24 posts to handlers of events, for the Lua half that reads requests. */
#include "rest/posted.h"
#include "base/secret.h"
#include "lua/binding.h"
#include "lua/owned.h"

static void release(void *tree) { cJSON_Delete(*(cJSON **)tree); }

/* codec.posted(body) -> table | nil, message, info */
int b24L_posted(lua_State *L) {
    struct b24_fault fault;
    struct b24_view body;
    body.p = luaL_checklstring(L, 1, &body.n);
    cJSON **tree = b24L_new_owned(L, sizeof(cJSON *), release);
    *tree = b24_posted_read(body, &fault);
    if (*tree == NULL) return b24L_push_fault(L, &fault, NULL);
    b24L_push_json(L, *tree, false);
    b24L_release(L, -2);
    return 1;
}

/* codec.same_secret(secret, given) -> boolean, in a time that does not tell where they differ */
int b24L_same_secret(lua_State *L) {
    struct b24_view secret, given;
    secret.p = luaL_checklstring(L, 1, &secret.n);
    given.p = luaL_checklstring(L, 2, &given.n);
    lua_pushboolean(L, b24_secret_same(secret, given));
    return 1;
}
