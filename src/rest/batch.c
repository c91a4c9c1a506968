#include "rest/batch.h"

#include <stdio.h>
#include <string.h>

void b24_batch_key(int id, char out[32]) { snprintf(out, 32, "c%d", id); }

bool b24_query_escape(struct b24_buffer *out, struct b24_view text) {
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != '\0' && strchr("-_.~", c) != NULL);
        if (plain) continue;
        char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (!b24_buffer_add(out, text.p + from, i - from) || !b24_buffer_add(out, escaped, 3))
            return false;
        from = i + 1;
    }
    return b24_buffer_add(out, text.p + from, text.n - from);
}

bool b24_batch_reference(struct b24_view text) {
    static const char *const words[] = {"result", "next", "total", "time", "error"};
    const char *end = text.p + text.n, *p = text.p;
    while (p < end && (p = memchr(p, '$', (size_t)(end - p))) != NULL) {
        p++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t n = strlen(words[i]);
            if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0) return true;
        }
    }
    return false;
}
