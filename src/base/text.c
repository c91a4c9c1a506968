#include "base/text.h"

#include <string.h>

/* Table 3-7 of the Unicode standard. */
size_t b24_utf8_length(const char *q, const char *end) {
    const unsigned char *p = (const unsigned char *)q;
    size_t left = (size_t)(end - q), n;
    unsigned char low = 0x80, high = 0xBF;
    if (p[0] < 0x80) return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) n = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF) n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4) n = 4;
    else return 0;
    if (left < n) return 0;
    if (p[0] == 0xE0) low = 0xA0;
    if (p[0] == 0xED) high = 0x9F;
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xBF) return 0;
    return n;
}

uint32_t b24_utf8_code(const char *p, size_t n) {
    static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)p[0] & lead[n];
    for (size_t i = 1; i < n; i++) code = code << 6 | ((unsigned char)p[i] & 0x3F);
    return code;
}

bool b24_utf8_valid(const char *p, size_t n) {
    const char *end = p + n;
    while (p < end) {
        size_t k = b24_utf8_length(p, end);
        if (k == 0) return false;
        p += k;
    }
    return true;
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
