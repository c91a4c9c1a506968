#include "rest/batch.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "json/document.h"

#define EXACT_VALUES 500        /* half of PHP's max_input_vars: the page's own ones come on top */
#define EXACT_BYTES  (16 << 10) /* of all params: fifty commands repeat them */
#define EXACT_DEPTH  20         /* PHP reads 64 brackets in a name */

void b24_batch_key(int id, char out[32]) { snprintf(out, 32, "c%d", id); }

bool b24_query_escape(struct b24_buffer *out, struct b24_view text) {
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("-_.~", c) != NULL);
        if (plain) continue;
        char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (!b24_buffer_add(out, text.p + from, i - from) || !b24_buffer_add(out, escaped, 3))
            return false;
        from = i + 1;
    }
    return b24_buffer_add(out, text.p + from, text.n - from);
}

bool b24_batch_reference(struct b24_view text) {
    static const char *const words[] = {"result", "next", "total", "time", "error"};
    const char *end = text.p + text.n, *p = text.p;
    while (p < end && (p = memchr(p, '$', (size_t)(end - p))) != NULL) {
        p++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t n = strlen(words[i]);
            if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0) return true;
        }
    }
    return false;
}

static bool is_exact_name(const char *name, bool top) {
    if (name[0] == '\0' || strpbrk(name, "[]") != NULL) return false;
    if (!top) return true;
    bool number = true; /* at the top "." and " " become "_" */
    for (const char *p = name; *p != '\0'; p++) {
        if (!b24_is_word_byte(*p)) return false;
        number = number && b24_is_digit(*p);
    }
    return !number;
}

static bool is_exact(const cJSON *value, int depth, int *values) {
    bool object = cJSON_IsObject(value);
    if (!object && !cJSON_IsArray(value))
        return ++*values <= EXACT_VALUES && (cJSON_IsString(value) || cJSON_IsNumber(value));
    if (depth == EXACT_DEPTH || (value->child == NULL && depth > 1)) return false;
    for (const cJSON *v = value->child; v != NULL; v = v->next)
        if ((object && !is_exact_name(v->string, depth == 0)) || !is_exact(v, depth + 1, values))
            return false;
    return true;
}

bool b24_batch_exact(struct b24_view params) {
    struct b24_json_error error;
    int values = 0;
    if (params.n == 0) return true;
    if (params.n > EXACT_BYTES || b24_batch_reference(params)) return false;
    cJSON *root = b24_document_parse(params, EXACT_DEPTH + 2, &error);
    bool exact = root != NULL && cJSON_IsObject(root) && is_exact(root, 0, &values);
    cJSON_Delete(root);
    return exact;
}
