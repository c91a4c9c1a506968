/* Fuzzes forms that strangers post: whatever is taken is a tree of UTF-8 strings, no deeper and no
   larger than promised, and an event has a name and an auth. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/posted.h"
#include "json/document.h"
#include "json/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_form: %s\n", what);
    abort();
}

/* The number of strings in it. */
static int check(const cJSON *value, int depth) {
    must(depth <= B24_FORM_DEPTH, "it is too deep");
    if (cJSON_IsString(value)) {
        const char *text = value->valuestring;
        must(b24_utf8_valid(text, strlen(text)), "a string is not UTF-8");
        return 1;
    }
    must(cJSON_IsObject(value) || cJSON_IsArray(value), "it is of another type");
    int strings = 0;
    for (const cJSON *m = value->child; m != NULL; m = m->next) strings += check(m, depth + 1);
    return strings;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct b24_view text = {(const char *)data, size};
    struct b24_fault fault;
    const char *what = "";
    cJSON *root = b24_form_parse(text, &what);
    must(root != NULL || what != NULL, "out of memory");
    if (root != NULL) must(check(root, 0) <= B24_FORM_FIELDS, "it has too many strings");
    cJSON_Delete(root);
    root = b24_posted_read(text, &fault);
    if (root != NULL) {
        must(cJSON_IsString(b24_member(root, "event")), "an event without a name");
        must(b24_posted_token(root).p != NULL, "no token at all");
    } else must(fault.kind == B24_DECODE && fault.message[0] != '\0', "refused without a message");
    cJSON_Delete(root);
    return 0;
}
