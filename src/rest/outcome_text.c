#include "rest/outcome_text.h"

#include <string.h>

#include "json/document.h"

void b24_outcome_keep_body(struct b24_outcome *o, struct b24_view body) {
    b24_buffer_init(&o->body, body.n);
    (void)b24_buffer_add(&o->body, body.p, body.n);
}

static const struct b24_json_member *top_member(const struct b24_json_plan *plan,
                                                const char *name) {
    const struct b24_json_member *found = NULL;
    size_t n = strlen(name);
    for (size_t i = 0; i < plan->top_count; i++)
        if (plan->top[i].name.n == n && memcmp(plan->top[i].name.p, name, n) == 0)
            found = &plan->top[i];
    return found;
}

/* Is this an object whose members can be told apart without reading them? */
static bool plain_names(const struct b24_json_plan *plan) {
    if (plan->top_count > B24_JSON_TOP) return false;
    for (size_t i = 0; i < plan->top_count; i++)
        if (memchr(plan->top[i].name.p, '\\', plan->top[i].name.n) != NULL) return false;
    return true;
}

/* What else is asked of the document, appended to `rest`. */
static void add_others(struct b24_outcome *o, struct b24_buffer *rest) {
    static const char *const names[] = {"time", "next", "total"};
    const struct b24_json_member *time = top_member(&o->plan, "time");
    if (time != NULL) b24_times_read(&o->times, time->value);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct b24_json_member *m = top_member(&o->plan, names[i]);
        if (m == NULL || (m == time && o->times.known)) continue;
        (void)b24_buffer_puts(rest, rest->n == 0 ? "{\"" : ",\"");
        (void)b24_buffer_puts(rest, names[i]);
        (void)b24_buffer_puts(rest, "\":");
        (void)b24_buffer_add(rest, m->value.p, m->value.n);
    }
}

/* The document without its result, or, of a batch, without those of its commands. False: no memory,
   or an unusual batch. */
static bool parse_rest(struct b24_outcome *o, const struct b24_json_member *result, int max_depth) {
    struct b24_json_error why;
    struct b24_buffer rest;
    b24_buffer_init(&rest, o->body.n * 2 + 64);
    bool ok = !o->as_parts || b24_parts_take(&o->parts, &o->plan, result, &rest);
    if (ok) add_others(o, &rest);
    if (ok && rest.n > 0 && (ok = b24_buffer_puts(&rest, "}")))
        o->root = b24_document_parse(b24_buffer_view(&rest), max_depth, &why);
    ok = ok && (rest.n == 0 || o->root != NULL);
    b24_buffer_free(&rest);
    return ok;
}

bool b24_outcome_take_text(struct b24_outcome *o, const struct b24_conf *conf,
                           const struct b24_reply *r) {
    struct b24_json_error why;
    if (!(o->as_text || o->as_parts) || r->status < 200 || r->status >= 300) return false;
    b24_outcome_keep_body(o, r->body);
    if (o->body.n != r->body.n ||
        !b24_json_plan(b24_buffer_view(&o->body), conf->max_depth, &o->plan, &why))
        return false;
    const struct b24_json_member *result =
        plain_names(&o->plan) ? top_member(&o->plan, "result") : NULL;
    if (result == NULL || top_member(&o->plan, "error") != NULL) return false;
    if (!parse_rest(o, result, conf->max_depth)) return false;
    o->in_parts = o->as_parts;
    if (o->in_parts) {
        o->result = b24_member(o->root, "result");
        return o->result != NULL;
    }
    o->result_text = result->value.p;
    o->result_sizes = o->plan.sizes + result->size;
    return true;
}
