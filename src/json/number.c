#include "json/number.h"

#include <float.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* strtod reads by the locale, whose decimal separator may have several bytes. */
static double read_double(const char *from, size_t n) {
    char text[96];
    const char *point = memchr(from, '.', n), *separator = localeconv()->decimal_point;
    size_t head = point != NULL ? (size_t)(point - from) : n, k = strlen(separator);
    if (k > 8) separator = ".", k = 1;
    memcpy(text, from, head);
    if (point != NULL) {
        memcpy(text + head, separator, k);
        memcpy(text + head + k, point + 1, n - head - 1);
        n += k - 1;
    }
    text[n] = '\0';
    return strtod(text, NULL);
}

#define EXACT_POWER 22 /* 10^22 is the last power of ten that a double holds */

/* Both numbers fit into doubles, so that one rounded operation gives the nearest double. */
static double scale(double digits, int exponent) {
    static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return exponent < 0 ? digits / powers[-exponent] : digits * powers[exponent];
}

/* Digits at p into *m, which stops growing before it could overflow. */
static const char *digits(const char *p, uint64_t *m) {
    for (; *p >= '0' && *p <= '9'; p++)
        if (*m < UINT64_C(100000000000000000)) *m = *m * 10 + (uint64_t)(*p - '0');
    return p;
}

static const char *skip_exponent(const char *p, int *exponent) {
    uint64_t e = 0;
    bool negative = p[1] == '-';
    p = digits(p + (p[1] == '-' || p[1] == '+' ? 2 : 1), &e);
    if (e > 1000) e = 1000;
    *exponent += negative ? -(int)e : (int)e;
    return p;
}

bool b24_json_read_number(const char **at, double *value) {
    const char *from = *at;
    uint64_t m = 0;
    int exponent = 0;
    bool negative = *from == '-';
    const char *p = digits(from + negative, &m);
    if (*p == '.') {
        const char *fraction = p + 1;
        p = digits(fraction, &m);
        exponent = fraction - p < -1000 ? -1000 : (int)(fraction - p);
    }
    if (*p == 'e' || *p == 'E') p = skip_exponent(p, &exponent);
    size_t n = (size_t)(p - from);
    *at = p;
    bool simple = FLT_EVAL_METHOD == 0 && n < 20 && m <= (uint64_t)B24_EXACT_MAX &&
                  exponent >= -EXACT_POWER && exponent <= EXACT_POWER;
    if (!simple && b24_json_as_text((struct b24_view){from, n})) return false;
    *value = simple ? scale((double)m, exponent) : read_double(from, n);
    if (simple && negative) *value = -*value;
    return true;
}
