#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A locale has its own decimal separator: a comma, or U+066B in Pashto, which is two bytes. */
static void put_point(char *text) {
    char *separator = text + strspn(text, "+-0123456789");
    size_t n = strcspn(separator, "+-0123456789eE");
    if (n == 0) return;
    *separator = '.';
    memmove(separator + 1, separator + n, strlen(separator + n) + 1);
}

size_t b24_double_text(double value, char out[B24_NUMBER_MAX]) {
    snprintf(out, B24_NUMBER_MAX, "%.15g", value);
    if (strtod(out, NULL) != value) snprintf(out, B24_NUMBER_MAX, "%.17g", value);
    put_point(out);
    return strlen(out);
}

size_t b24_integer_text(int64_t value, char out[B24_NUMBER_MAX]) {
    char digits[B24_NUMBER_MAX];
    size_t n = 0, length = 0;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do digits[n++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0) digits[n++] = '-';
    while (n > 0) out[length++] = digits[--n];
    out[length] = '\0';
    return length;
}
