#include "rest/redirect.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "json/document.h"
#include "json/form.h"

#define AGAIN "Run b24 login --app again."

static struct b24_view text_of(const cJSON *form, const char *name) {
    const char *text = cJSON_GetStringValue(b24_member(form, name));
    if (text == NULL) text = "";
    return b24_view_of(text);
}

static bool copy(struct b24_view text, char *out, size_t size) {
    if (text.n >= size) return false;
    memcpy(out, text.p, text.n + 1);
    return true;
}

static bool check(const cJSON *form, struct b24_view state, const char *host,
                  struct b24_fault *fault) {
    if (!b24_secret_same(state, text_of(form, "state")))
        return b24_fail(fault, B24_AUTH, "WRONG_STATE", AGAIN,
                        "this address does not belong to this log-in");
    if (!b24_same_text(text_of(form, "domain"), host))
        return b24_fail(fault, B24_AUTH, "WRONG_PORTAL", AGAIN,
                        "another portal has answered than %s", host);
    if (text_of(form, "code").n == 0)
        return b24_fail(fault, B24_AUTH, "NO_CODE", AGAIN, "the portal sent no code");
    return true;
}

static bool take(const cJSON *form, struct b24_redirect *out, struct b24_fault *fault) {
    struct b24_view server = text_of(form, "server_domain");
    int n = server.n > 0 ? snprintf(out->server, sizeof out->server, "https://%s", server.p) : 0;
    if (copy(text_of(form, "code"), out->code, sizeof out->code) &&
        copy(text_of(form, "member_id"), out->member_id, sizeof out->member_id) &&
        copy(text_of(form, "scope"), out->scope, sizeof out->scope) && n >= 0 &&
        (size_t)n < sizeof out->server)
        return true;
    return b24_fail(fault, B24_AUTH, "NO_CODE", AGAIN, "the portal's answer is too long");
}

/* What stands between '?' and '#'. */
static struct b24_view query_of(struct b24_view address) {
    const char *query = memchr(address.p, '?', address.n);
    if (query == NULL) return (struct b24_view){"", 0};
    query++;
    size_t n = address.n - (size_t)(query - address.p);
    const char *fragment = memchr(query, '#', n);
    return (struct b24_view){query, fragment != NULL ? (size_t)(fragment - query) : n};
}

enum b24_redirect_result b24_redirect_read(struct b24_view address, struct b24_view state,
                                           const char *host, struct b24_redirect *out,
                                           struct b24_fault *fault) {
    const char *what = NULL;
    *out = (struct b24_redirect){.code = ""};
    cJSON *form = b24_form_parse(query_of(address), &what);
    if (form == NULL && what == NULL) {
        b24_fail(fault, B24_CONFIG, "OUT_OF_MEMORY", NULL, "out of memory");
        return B24_REDIRECT_BAD;
    }
    bool none = b24_member(form, "code") == NULL && b24_member(form, "state") == NULL;
    bool good = !none && check(form, state, host, fault) && take(form, out, fault);
    cJSON_Delete(form);
    return none ? B24_REDIRECT_NONE : good ? B24_REDIRECT_GOOD : B24_REDIRECT_BAD;
}
