#include "json/members.h"

void b24_json_members_begin(struct b24_json_members *it, const struct b24_json_plan *plan,
                            const struct b24_json_member *object) {
    it->plan = plan;
    it->p = object->value.p + 1;
    it->container = object->size + 1;
}

static const char *skip_space(const char *p) {
    while ((unsigned char)*p <= ' ') p++;
    return p;
}

/* p stands at the first quote. */
static const char *skip_string(const char *p) {
    for (p++; *p != '"'; p++)
        if (*p == '\\') p++;
    return p + 1;
}

static const char *skip_value(struct b24_json_members *it, const char *p) {
    if (*p == '"') return skip_string(p);
    if (*p == '{' || *p == '[') {
        const struct b24_json_size *size = &it->plan->sizes[it->container];
        it->container = size->after;
        return size->end;
    }
    while ((unsigned char)*p > ' ' && *p != ',' && *p != '}') p++;
    return p;
}

bool b24_json_members_next(struct b24_json_members *it, struct b24_json_member *m) {
    const char *p = skip_space(it->p);
    if (*p == '}') return false;
    if (*p == ',') p = skip_space(p + 1);
    const char *name = p;
    p = skip_string(p);
    m->name = (struct b24_view){name + 1, (size_t)(p - name) - 2};
    p = skip_space(skip_space(p) + 1); /* the colon */
    m->size = it->container;
    m->value.p = p;
    it->p = skip_value(it, p);
    m->value.n = (size_t)(it->p - p);
    return true;
}
