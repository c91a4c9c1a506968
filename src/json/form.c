#include "json/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "json/document.h"

#define INDEX_SIZE 16 /* "1000" and its NUL, with room */

struct form {
    cJSON *root;
    char *text; /* one field, decoded */
    int fields;
    const char *what;
    bool no_memory;
};

static bool fail(struct form *f, const char *what) {
    f->what = what;
    return false;
}

static bool out_of_memory(struct form *f) {
    f->no_memory = true;
    return false;
}

/* ------------------------------------------------------------ percent signs */

/* Decodes into `out`, which has room for text.n and a NUL. What is no escape stays. The length. */
static size_t decode(struct b24_view text, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        int high = c == '%' && i + 2 < text.n ? b24_hex(text.p[i + 1]) : -1;
        int low = high >= 0 ? b24_hex(text.p[i + 2]) : -1;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') c = ' ';
        out[n++] = c;
    }
    out[n] = '\0';
    return n;
}

/* ------------------------------------------------------------ the tree */

/* The index that PHP's [] gives: one above the highest there is. */
static void next_index(const cJSON *object, char out[INDEX_SIZE]) {
    double highest = -1, number;
    for (const cJSON *m = object->child; m != NULL; m = m->next)
        if (b24_decimal(m->string, &number) && number > highest) highest = number;
    if (highest > 1e9) highest = 1e9; /* nobody means it */
    snprintf(out, INDEX_SIZE, "%.0f", highest + 1);
}

/* Puts `value` at its place; owns it. */
static bool put(struct form *f, cJSON *object, const char *name, cJSON *value) {
    char index[INDEX_SIZE];
    if (value == NULL) return out_of_memory(f);
    if (*name == '\0') next_index(object, index);
    if (*name == '\0') name = index;
    cJSON *old = b24_member(object, name);
    if (old != NULL) cJSON_Delete(cJSON_DetachItemViaPointer(object, old));
    if (cJSON_AddItemToObject(object, name, value)) return true;
    cJSON_Delete(value);
    return out_of_memory(f);
}

/* The object of this name, made when there is none. NULL: no memory. */
static cJSON *enter(struct form *f, cJSON *object, const char *name) {
    cJSON *found = *name != '\0' ? b24_member(object, name) : NULL;
    if (cJSON_IsObject(found)) return found;
    cJSON *made = cJSON_CreateObject();
    return put(f, object, name, made) ? made : NULL;
}

/* ------------------------------------------------------------ names */

/* The first name loses what no variable of PHP can have: blanks in front, then ' ' and '.' and a
   '[' that nothing closes. The rest of it, from the first '[' that counts; NULL: it has no name. */
static char *first_name(char **name) {
    while (**name == ' ') ++*name;
    if (**name == '\0' || **name == '[') return NULL;
    char *p = *name, *open = strchr(p, '[');
    if (open != NULL && strchr(open, ']') == NULL) open = NULL;
    for (; *p != '\0' && p != open; p++)
        if (*p == ' ' || *p == '.' || *p == '[') *p = '_';
    return p;
}

/* Cuts the next "[part]" off. NULL: there is none; what follows counts for nothing. */
static char *next_part(char **rest) {
    char *begin = *rest, *end = *begin == '[' ? strchr(begin, ']') : NULL;
    if (end == NULL) return NULL;
    *rest = end + 1;
    *begin = *end = '\0';
    return begin + 1;
}

static bool add(struct form *f, char *name, const char *value) {
    char *rest = first_name(&name), *part;
    cJSON *object = f->root;
    if (rest == NULL) return true;
    /* Where the first part begins, the name before it ends. */
    for (int depth = 1; (part = next_part(&rest)) != NULL; name = part) {
        if (++depth > B24_FORM_DEPTH) return fail(f, "it nests too deep");
        if ((object = enter(f, object, name)) == NULL) return false;
    }
    return put(f, object, name, cJSON_CreateString(value));
}

static bool add_field(struct form *f, struct b24_view field) {
    const char *equals = memchr(field.p, '=', field.n);
    size_t length = equals != NULL ? (size_t)(equals - field.p) : field.n;
    struct b24_view name = {field.p, length}, value = {field.p + length, 0};
    if (equals != NULL) value = (struct b24_view){equals + 1, field.n - length - 1};
    if (++f->fields > B24_FORM_FIELDS) return fail(f, "it has too many fields");
    size_t n = decode(name, f->text);
    char *second = f->text + n + 1;
    size_t m = decode(value, second);
    if (memchr(f->text, '\0', n) != NULL || memchr(second, '\0', m) != NULL)
        return fail(f, "it has a NUL");
    if (!b24_utf8_valid(f->text, n) || !b24_utf8_valid(second, m))
        return fail(f, "it is not valid UTF-8");
    return add(f, f->text, second);
}

/* ------------------------------------------------------------ lists */

/* Objects whose names are 0, 1, … become lists: never deeper than B24_FORM_DEPTH. */
static void make_lists(cJSON *value) {
    char index[INDEX_SIZE];
    int i = 0;
    bool list = cJSON_IsObject(value);
    if (!list) return;
    for (cJSON *m = value->child; m != NULL; m = m->next, i++) {
        snprintf(index, sizeof index, "%d", i);
        if (strcmp(m->string, index) != 0) list = false;
        make_lists(m);
    }
    if (list && i > 0) value->type = cJSON_Array;
}

static bool parse(struct form *f, struct b24_view text) {
    if (f->root == NULL || f->text == NULL) return out_of_memory(f);
    while (text.n > 0) {
        const char *end = memchr(text.p, '&', text.n);
        size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
        if (n > 0 && !add_field(f, (struct b24_view){text.p, n})) return false;
        n += end != NULL;
        text = (struct b24_view){text.p + n, text.n - n};
    }
    return true;
}

cJSON *b24_form_parse(struct b24_view text, const char **what) {
    char *field = malloc(text.n + 2);
    struct form f = {.root = cJSON_CreateObject(), .text = field};
    bool good = parse(&f, text);
    free(field);
    *what = f.no_memory ? NULL : f.what;
    if (!good) {
        cJSON_Delete(f.root);
        return NULL;
    }
    for (cJSON *m = f.root->child; m != NULL; m = m->next) make_lists(m);
    return f.root;
}
