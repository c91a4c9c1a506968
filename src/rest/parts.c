#include "rest/parts.h"

#include <stdio.h>
#include <string.h>

#include "json/members.h"

/* "name": */
static bool add_name(struct b24_buffer *out, bool first, struct b24_view name) {
    return b24_buffer_puts(out, first ? "\"" : ",\"") && b24_buffer_add(out, name.p, name.n) &&
           b24_buffer_puts(out, "\":");
}

static bool add_part(struct b24_parts *parts, const struct b24_json_plan *plan,
                     const struct b24_json_member *m, struct b24_buffer *out) {
    char number[24];
    if (parts->n == B24_BATCH_MAX) return false;
    snprintf(number, sizeof number, "%zu", parts->n);
    parts->part[parts->n].text = m->value.p;
    parts->part[parts->n++].sizes = plan->sizes + m->size;
    return b24_buffer_puts(out, number);
}

/* The results of the commands, by their names. */
static bool add_results(struct b24_parts *parts, const struct b24_json_plan *plan,
                        const struct b24_json_member *results, struct b24_buffer *out) {
    struct b24_json_members it;
    struct b24_json_member m;
    bool ok = b24_buffer_puts(out, "{"), first = true;
    b24_json_members_begin(&it, plan, results);
    for (; ok && b24_json_members_next(&it, &m); first = false)
        ok = add_name(out, first, m.name) && add_part(parts, plan, &m, out);
    return ok && b24_buffer_puts(out, "}");
}

static bool is_result(struct b24_view name) {
    return name.n == 6 && memcmp(name.p, "result", 6) == 0;
}

bool b24_parts_take(struct b24_parts *parts, const struct b24_json_plan *plan,
                    const struct b24_json_member *result, struct b24_buffer *out) {
    struct b24_json_members it;
    struct b24_json_member m;
    bool found = false, ok = *result->value.p == '{' && b24_buffer_puts(out, "{\"result\":{"),
         first = true;
    parts->n = 0;
    if (!ok) return false;
    b24_json_members_begin(&it, plan, result);
    for (; ok && b24_json_members_next(&it, &m); first = false) {
        ok = memchr(m.name.p, '\\', m.name.n) == NULL && add_name(out, first, m.name);
        if (!ok) break;
        if (!is_result(m.name)) ok = b24_buffer_add(out, m.value.p, m.value.n);
        else ok = !found && *m.value.p == '{' && add_results(parts, plan, &m, out);
        found = found || is_result(m.name);
    }
    return ok && found && b24_buffer_puts(out, "}");
}
