/* The portal's time block as a table. */
#include <string.h>

#include "base/date.h"
#include "lua/binding.h"

#define TIME_TEXT 64 /* bytes of a date in the time block, or of a name there */

#define DATE_MAX 25 /* bytes of a date with an offset and no fraction of a second */

/* The names that portals use, and dates: no secret fits into them, and masking takes time. */
static bool harmless(const char *text, size_t n) {
    static const char *const names[] = {
        "start",      "finish",      "duration",           "processing",
        "date_start", "date_finish", "operating_reset_at", "operating"};
    double seconds;
    if (n <= DATE_MAX && b24_date_parse(text, &seconds)) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) return true;
    return false;
}

/* [0, 0] False: too long to be one. */
static bool mask_short(const struct b24_conf *conf, const char *text, char out[TIME_TEXT]) {
    size_t n = strlen(text);
    if (n >= TIME_TEXT) return false;
    memcpy(out, text, n + 1);
    if (!harmless(text, n)) b24_conf_mask(conf, out);
    return true;
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
