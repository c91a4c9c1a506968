#include "im/message.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "im/markup.h"

#define SIZE_MOST 24 /* bytes of "1023.9 TB" and more */

static bool begin(struct b24_buffer *out) { return out->n == 0 || b24_buffer_add(out, "\n", 1); }

static bool add_view(struct b24_buffer *out, struct b24_view text) {
    return b24_buffer_add(out, text.p, text.n);
}

bool b24_message_text(struct b24_buffer *out, struct b24_view raw) {
    if (raw.n == 0) return out->state == B24_BUFFER_OK;
    size_t before = out->n;
    begin(out);
    size_t start = out->n;
    if (!b24_markup_text(out, raw)) return false;
    while (out->n > start && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == ' '))
        b24_buffer_cut(out, out->n - 1);
    if (out->n == start) b24_buffer_cut(out, before); /* blanks, or marks without a text */
    return true;
}

/* "512 bytes", "120 KB", "1.5 MB". Whole numbers only: a locale may have another point. */
static void format_size(double bytes, char out[SIZE_MOST]) {
    static const char units[] = "KMGT";
    size_t unit = 0;
    if (bytes < 1024) {
        snprintf(out, SIZE_MOST, "%d byte%s", (int)bytes, (int)bytes == 1 ? "" : "s");
        return;
    }
    for (bytes /= 1024; bytes >= 1023.5 && unit < sizeof units - 2; unit++) bytes /= 1024;
    if (bytes > 999999) bytes = 999999; /* no such file */
    int tenths = (int)(bytes * 10 + 0.5);
    if (unit == 0 || tenths >= 1000)
        snprintf(out, SIZE_MOST, "%d %cB", (int)(bytes + 0.5), units[unit]);
    else snprintf(out, SIZE_MOST, "%d.%d %cB", tenths / 10, tenths % 10, units[unit]);
}

static bool is(struct b24_view text, const char *word) {
    return text.n == strlen(word) && memcmp(text.p, word, text.n) == 0;
}

/* What it is, where its name does not tell; "": its name tells. */
static const char *describe(const struct b24_file *file) {
    if (file->voice_note || is(file->type, "voice")) return "voice note";
    if (file->video_note) return "video note";
    if (is(file->type, "audio")) return "audio";
    if (file->name.n > 0) return "";
    if (is(file->type, "image")) return "image";
    return is(file->type, "video") ? "video" : "file";
}

bool b24_message_file(struct b24_buffer *out, const struct b24_file *file) {
    char size[SIZE_MOST];
    const char *what = describe(file);
    begin(out);
    b24_buffer_puts(out, "[");
    b24_buffer_puts(out, what);
    if (*what != '\0' && file->name.n > 0) b24_buffer_puts(out, " ");
    add_view(out, file->name);
    if (file->size >= 0) {
        format_size(file->size, size);
        b24_buffer_puts(out, ", ");
        b24_buffer_puts(out, size);
    }
    return b24_buffer_puts(out, "]");
}

bool b24_message_note(struct b24_buffer *out, const char *what, struct b24_view detail) {
    begin(out);
    b24_buffer_puts(out, "[");
    b24_buffer_puts(out, what);
    if (detail.n > 0) b24_buffer_puts(out, " ");
    add_view(out, detail);
    return b24_buffer_puts(out, "]");
}

bool b24_message_pair(struct b24_buffer *out, struct b24_view text, const char *between,
                      struct b24_view address, const char *behind) {
    if (text.n == 0 && address.n == 0) return out->state == B24_BUFFER_OK;
    begin(out);
    add_view(out, text);
    if (address.n == 0) return out->state == B24_BUFFER_OK;
    if (text.n == 0) return add_view(out, address);
    b24_buffer_puts(out, between);
    add_view(out, address);
    return b24_buffer_puts(out, behind);
}
