#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

const char *b24_kind_name(enum b24_kind kind) {
    static const char *const names[] = {
#define X(constant, name) name,
        B24_KINDS(X)
#undef X
    };
    return names[kind];
}

bool b24_fail(struct b24_fault *fault, enum b24_kind kind, const char *code, const char *hint,
              const char *message, ...) {
    va_list args;
    fault->kind = kind;
    fault->code = code;
    fault->hint = hint;
    va_start(args, message);
    /* NOLINTNEXTLINE: clang-tidy 14 misreads va_start */
    vsnprintf(fault->message, sizeof fault->message, message, args);
    va_end(args);
    return false;
}
