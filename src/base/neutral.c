#include "base/neutral.h"

#include <stdio.h>

#include "base/text.h"

static bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

bool b24_steers_text(uint32_t code) {
    return code == 0x061C || code == 0x200E || code == 0x200F || /* marks */
           (code >= 0x2028 && code <= 0x202E) || /* separators of lines; embedding, override */
           (code >= 0x2066 && code <= 0x2069);   /* isolates */
}

bool b24_neutral(struct b24_buffer *out, struct b24_view text, bool lines) {
    const char *p = text.p, *end = text.p + text.n;
    bool blank = false; /* one was written for the control characters before p */
    bool good = true;
    while (good && p < end) {
        size_t n = b24_utf8_length(p, end);
        uint32_t code = n > 0 ? b24_utf8_code(p, n) : 0xFFFD;
        bool control = is_control(code) && !(lines && code == '\n');
        if (control) good = blank || b24_buffer_puts(out, " ");
        else if (n == 0) good = b24_buffer_puts(out, B24_REPLACEMENT);
        else if (!b24_steers_text(code)) good = b24_buffer_add(out, p, n);
        blank = control;
        p += n > 0 ? n : 1;
    }
    return good;
}

bool b24_neutral_json(struct b24_buffer *out, struct b24_view json) {
    const char *p = json.p, *end = json.p + json.n, *kept = p;
    char escape[sizeof "\\u1234"];
    while (p < end) {
        size_t n = b24_utf8_length(p, end);
        uint32_t code = n > 0 ? b24_utf8_code(p, n) : 0;
        if ((code >= 0x7F && code <= 0x9F) || b24_steers_text(code)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code & 0xFFFF);
            b24_buffer_add(out, kept, (size_t)(p - kept));
            b24_buffer_puts(out, escape);
            kept = p + n;
        }
        p += n > 0 ? n : 1;
    }
    return b24_buffer_add(out, kept, (size_t)(end - kept));
}
