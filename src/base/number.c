#include "base/number.h"

#include <stdio.h>
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
    double back = 0;
    snprintf(out, B24_NUMBER_MAX, "%.15g", value);
    if (sscanf(out, "%lf", &back) != 1 || back != value)
        snprintf(out, B24_NUMBER_MAX, "%.17g", value);
    put_point(out);
    return strlen(out);
}
