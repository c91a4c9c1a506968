#include "rest/posted.h"

#include <string.h>

#include "json/document.h"
#include "json/form.h"

#define HINT "The address of this handler is for Bitrix24's events alone."

static bool bad(struct b24_fault *fault, const char *what) {
    return b24_fail(fault, B24_DECODE, "BAD_EVENT", HINT, "this is no event of Bitrix24: %s", what);
}

static bool is_event(const cJSON *root, struct b24_fault *fault) {
    const char *name = cJSON_GetStringValue(b24_member(root, "event"));
    if (name == NULL || *name == '\0') return bad(fault, "it has no name");
    if (!cJSON_IsObject(b24_member(root, "auth"))) return bad(fault, "it has no auth");
    return true;
}

cJSON *b24_posted_read(struct b24_view body, struct b24_fault *fault) {
    const char *what;
    cJSON *root = b24_form_parse(body, &what);
    if (root == NULL && what == NULL)
        b24_fail(fault, B24_DECODE, "OUT_OF_MEMORY", NULL, "out of memory");
    else if (root == NULL) bad(fault, what);
    if (root == NULL || is_event(root, fault)) return root;
    cJSON_Delete(root);
    return NULL;
}

struct b24_view b24_posted_token(const cJSON *posted) {
    const char *token =
        cJSON_GetStringValue(b24_member(b24_member(posted, "auth"), "application_token"));
    if (token == NULL) token = "";
    return b24_view_of(token);
}
