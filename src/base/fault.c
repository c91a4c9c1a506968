#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json/check.h"

const char *b24_kind_name(enum b24_kind kind) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_KINDS(X)
#undef X
    };
    return names[kind];
}

bool b24_fail(struct b24_fault *fault, enum b24_kind kind, const char *code, const char *hint, const char *message,
              ...) {
    va_list args;
    fault->kind = kind;
    fault->code = code;
    fault->hint = hint;
    va_start(args, message);
    vsnprintf(fault->message, sizeof fault->message, message, args); /* NOLINT: clang-tidy 14 misreads va_start */
    va_end(args);
    return false;
}

void b24_copy_text(char *out, size_t size, struct b24_view text) {
    const char *p = text.p, *end = text.p + text.n;
    size_t n = 0;
    while (p < end) {
        size_t k = 1;
        while (k < 4 && k < (size_t)(end - p) && !b24_utf8_valid(p, k)) k++;
        bool valid = b24_utf8_valid(p, k);
        if (!valid) k = 1;
        if (n + k >= size) break;
        if (valid) memcpy(out + n, p, k);
        else out[n] = '?';
        n += k;
        p += k;
    }
    out[n] = '\0';
}
