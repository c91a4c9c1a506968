#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes as four characters. All are read before one is written. */
static void group(const char *from, size_t n, char *to) {
    uint32_t a = (unsigned char)from[0], b = n > 1 ? (unsigned char)from[1] : 0,
             c = n > 2 ? (unsigned char)from[2] : 0, bits = a << 16 | b << 8 | c;
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63];
    to[2] = (char)(n > 1 ? digits[bits >> 6 & 63] : '=');
    to[3] = (char)(n > 2 ? digits[bits & 63] : '=');
}

size_t b24_base64(const char *from, size_t n, char *to) {
    char *at = to;
    for (; n >= 3; n -= 3, from += 3, at += 4) group(from, 3, at);
    if (n == 0) return (size_t)(at - to);
    group(from, n, at);
    return (size_t)(at - to) + 4;
}
