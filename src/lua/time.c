/* The portal's time block as a table. */
#include <string.h>

#include "lua/binding.h"

#define TIME_TEXT 64 /* bytes of a date in the time block, or of a name there */

/* [0, 0] False: too long to be one. */
static bool mask_short(const struct b24_conf *conf, const char *text, char out[TIME_TEXT]) {
    size_t n = strlen(text);
    if (n >= TIME_TEXT) return false;
    memcpy(out, text, n + 1);
    if (!b24_time_harmless(text, n)) b24_conf_mask(conf, out); /* which takes its time */
    return true;
}

void b24L_push_times(lua_State *L, const struct b24_times *t) {
    lua_createtable(L, 0, B24_TIME_COUNT);
    for (int i = 0; i < B24_TIME_COUNT; i++) {
        enum b24_time_name name = (enum b24_time_name)i;
        if ((t->seen >> i & 1) == 0) continue;
        if (b24_time_is_date(name))
            b24L_set_text(L, -1, b24_time_name(name), t->date[i - B24_TIME_date_start]);
        else b24L_set_count(L, -1, b24_time_name(name), t->number[i]);
    }
}

/* Numbers and dates. `conf` masks what a broken portal may have put there. */
void b24L_push_time(lua_State *L, const struct b24_conf *conf, const cJSON *time) {
    char name[TIME_TEXT], text[TIME_TEXT];
    if (conf == NULL || !cJSON_IsObject(time)) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, 0, 8);
    for (const cJSON *m = time->child; m != NULL; m = m->next) {
        if (!mask_short(conf, m->string, name)) continue;
        if (cJSON_IsNumber(m)) b24L_set_count(L, -1, name, m->valuedouble);
        else if (cJSON_IsString(m) && mask_short(conf, m->valuestring, text))
            b24L_set_text(L, -1, name, text);
    }
}
