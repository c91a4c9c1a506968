#include "im/counters.h"

#include <stdio.h>
#include <string.h>

#include "im/sections.h"
#include "json/document.h"

#define FOLD_MAX     64 /* bytes of a name that is folded; longer ones are kept as they are */
#define POSITION_MAX 24 /* bytes of a position in a list, as text */

static bool is_container(const cJSON *v) { return cJSON_IsObject(v) || cJSON_IsArray(v); }

static void become(cJSON *v, int type) { v->type = (v->type & ~0xFF) | type; }

static bool rename_member(cJSON *m, const char *name) {
    size_t size = strlen(name) + 1;
    char *copy = cJSON_malloc(size);
    if (copy == NULL) return false;
    memcpy(copy, name, size);
    cJSON_free(m->string);
    m->string = copy;
    return true;
}

/* "tasksTask" -> "TASKS_TASK" */
static bool fold_name(cJSON *m) {
    char name[2 * FOLD_MAX + 1];
    size_t n = 0;
    if (strlen(m->string) > FOLD_MAX) return true;
    for (const char *p = m->string; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z' && p > m->string) name[n++] = '_';
        name[n] = *p;
        if (*p >= 'a' && *p <= 'z') name[n] = (char)(*p - ('a' - 'A'));
        n++;
    }
    name[n] = '\0';
    return rename_member(m, name);
}

/* A count or an id may be a decimal string, as servers of 2017 sent them. */
static void to_count(cJSON *v) {
    double n;
    if (!cJSON_IsString(v) || !b24_decimal(v->valuestring, &n)) return;
    cJSON_free(v->valuestring);
    v->valuestring = NULL;
    cJSON_SetNumberHelper(v, n);
    become(v, cJSON_Number);
}

/* Of a PHP list the positions are the ids: 0, 1, ... */
static bool name_positions(cJSON *list) {
    char position[POSITION_MAX];
    int i = 0;
    for (cJSON *m = list->child; m != NULL; m = m->next) {
        snprintf(position, sizeof position, "%d", i++);
        if (!rename_member(m, position)) return false;
    }
    become(list, cJSON_Object);
    return true;
}

/* `levels` of maps, this one included. */
static bool to_map(cJSON *v, int levels, bool fold_keys) {
    if (cJSON_IsArray(v) && !name_positions(v)) return false;
    for (cJSON *m = v->child; m != NULL; m = m->next) {
        if (fold_keys && !fold_name(m)) return false;
        if (levels == 1 || !is_container(m)) to_count(m);
        else if (!to_map(m, levels - 1, false)) return false;
    }
    return true;
}

/* PHP writes a list with holes as an object. */
static void to_list(cJSON *v) {
    cJSON *next;
    become(v, cJSON_Array);
    for (cJSON *m = v->child; m != NULL; m = next) {
        next = m->next;
        cJSON_free(m->string);
        m->string = NULL;
        if (cJSON_IsNull(m)) cJSON_Delete(cJSON_DetachItemViaPointer(v, m));
        else to_count(m);
    }
}

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static bool is_list(const cJSON *v, struct b24_section_name name) {
    if (name.row != NULL) return name.marks;
    /* Of a section that we do not know its name tells a list, its JSON a map. */
    return cJSON_IsArray(v) || ends_with(v->string, "_UNREAD");
}

static int levels_of(struct b24_section_name name) {
    return name.row != NULL && name.row->form != B24_FORM_NESTED ? 1 : 2;
}

int b24_counters_levels(const cJSON *section) {
    return cJSON_IsObject(section) ? levels_of(b24_section_find(section->string)) : 0;
}

/* `m` has its folded name already, and may be gone afterwards. */
static bool shape_section(cJSON *result, cJSON *m, bool camel) {
    struct b24_section_name name = b24_section_find(m->string);
    if (!is_container(m)) {
        if (name.row == NULL) to_count(m);
        else
            cJSON_Delete(cJSON_DetachItemViaPointer(result, m)); /* of no use where a map belongs */
        return true;
    }
    bool totals = name.row == &b24_sections[B24_SECTION_TYPE];
    if (!is_list(m, name)) return to_map(m, levels_of(name), camel && totals);
    to_list(m);
    return true;
}

/* Does this answer spell the names that we know in camel case, all of them? */
static bool camel_case(const cJSON *result) {
    bool camel = false;
    for (const cJSON *m = result->child; m != NULL; m = m->next) {
        struct b24_section_name name = b24_section_find(m->string);
        if (name.row != NULL && !name.camel) return false;
        camel = camel || name.camel;
    }
    return camel;
}

/* The sections that every answer has in our shape. */
static bool complete(cJSON *result) {
    for (size_t i = 0; i < B24_SECTION_COUNT; i++) {
        const struct b24_section_row *row = &b24_sections[i];
        if ((row->flags & B24_ALWAYS) != 0 && b24_member(result, row->name) == NULL &&
            cJSON_AddObjectToObject(result, row->name) == NULL)
            return false;
    }
    return true;
}

enum b24_counters_answer b24_counters_shape(cJSON *result) {
    cJSON *next;
    bool empty = cJSON_IsArray(result) && result->child == NULL; /* as PHP writes it */
    if (empty) become(result, cJSON_Object);
    if (!cJSON_IsObject(result)) return B24_COUNTERS_NONE;
    bool camel = camel_case(result);
    for (cJSON *m = result->child; m != NULL; m = next) {
        next = m->next;
        if ((camel && !fold_name(m)) || !shape_section(result, m, camel))
            return B24_COUNTERS_NO_MEMORY;
    }
    return complete(result) ? B24_COUNTERS_OK : B24_COUNTERS_NO_MEMORY;
}
