#include "json/repair.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define UNKNOWN "\xEF\xBF\xBD" /* U+FFFD */

struct copy {
    const char *p, *end;
    struct b24_buffer *out;
    int depth;
    bool ok;
};

static void put(struct copy *c, const char *bytes, size_t n) {
    c->ok = c->ok && b24_buffer_add(c->out, bytes, n);
}

static void take(struct copy *c, size_t n) {
    put(c, c->p, n);
    c->p += n;
}

static void replace(struct copy *c, size_t n, const char *by) {
    put(c, by, strlen(by));
    c->p += n;
}

/* The number of "\uXXXX" at p; -1: it is none. */
static int code_unit(const char *p, const char *end) {
    int code = 0;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        if (b24_hex(p[i]) < 0) return -1;
        code = code * 16 + b24_hex(p[i]);
    }
    return code;
}

static void escape(struct copy *c) {
    int code = code_unit(c->p, c->end);
    bool high = code >= 0xD800 && code < 0xDC00;
    int low = high ? code_unit(c->p + 6, c->end) : -1;
    if (low >= 0xDC00 && low < 0xE000) take(c, 12);
    else if (code == 0 || (code >= 0xD800 && code < 0xE000)) replace(c, 6, UNKNOWN);
    else if (code > 0) take(c, 6);
    else if (c->end - c->p >= 2 && c->p[1] != '\0' && strchr("\"\\/bfnrt", c->p[1]) != NULL)
        take(c, 2);
    else replace(c, 1, UNKNOWN);
}

/* From its opening quote to its closing one. */
static void string(struct copy *c) {
    take(c, 1);
    while (c->p < c->end && *c->p != '"') {
        unsigned char byte = (unsigned char)*c->p;
        size_t n = byte >= 0x80 ? b24_utf8_length(c->p, c->end) : 1;
        if (byte == '\\') escape(c);
        else if (byte == 0 || n == 0) replace(c, 1, UNKNOWN);
        else if (byte < 0x20) replace(c, 1, " ");
        else take(c, n);
    }
    if (c->p < c->end) take(c, 1);
}

bool b24_json_repair(struct b24_view text, struct b24_buffer *out) {
    struct copy c = {text.p, text.p + text.n, out, 0, true};
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) c.p += 3;
    while (c.p < c.end && c.ok) {
        char byte = *c.p;
        if (byte == '"') {
            string(&c);
        } else if ((unsigned char)byte < ' ') {
            replace(&c, 1, " ");
        } else {
            if (byte == '{' || byte == '[') c.depth++;
            if (byte == '}' || byte == ']') c.depth--;
            take(&c, 1);
            if (c.depth <= 0 && (byte == '}' || byte == ']')) break;
        }
    }
    return c.ok;
}
