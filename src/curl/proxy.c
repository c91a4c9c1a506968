#include "curl/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/paste.h"

/* The first that has a value. */
static const char *first(const char *const names[], size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0') return value;
    }
    return NULL;
}

const char *b24_proxy_variable(void) {
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    return first(names, sizeof names / sizeof *names);
}

const char *b24_no_proxy_variable(void) {
    static const char *const names[] = {"no_proxy", "NO_PROXY"};
    return first(names, sizeof names / sizeof *names);
}

bool b24_proxy_clean(const char *value, char out[B24_URL_MAX + 1]) {
    struct b24_view all = {value, value != NULL ? strlen(value) : 0};
    struct b24_view inner = b24_trim_blanks(all);
    if (inner.n == all.n || inner.n > B24_URL_MAX) return false;
    memcpy(out, inner.p, inner.n);
    out[inner.n] = '\0';
    return true;
}
