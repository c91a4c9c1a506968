#include "rest/error_text.h"

#include <string.h>

#include "base/ascii.h"
#include "base/entity.h"

/* ------------------------------------------------------------ tags */

/* The last byte of a comment, script or style that begins at p; NULL: none does. */
static const char *whole(const char *p) {
    static const struct {
        const char *begin, *end;
    } blocks[] = {{"<!--", "-->"}, {"<script", "</script>"}, {"<style", "</style>"}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (!b24_starts(p, blocks[i].begin)) continue;
        for (p += strlen(blocks[i].begin); *p != '\0'; p++)
            if (b24_starts(p, blocks[i].end)) return p + strlen(blocks[i].end) - 1;
        return p - 1; /* cut off: all the rest */
    }
    return NULL;
}

/* The last byte of the tag at p; NULL: none is there. */
static const char *tag_end(const char *p) {
    if (*p != '<') return NULL;
    const char *end = whole(p);
    if (end != NULL) return end;
    end = strchr(p, '>');
    bool tag = p[1] == '/' || p[1] == '!' || (p[1] >= 'A' && p[1] <= 'z');
    return tag ? end : NULL;
}

static void strip_tags(char *text) {
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        const char *end = tag_end(p);
        *to = *p;
        if (end != NULL) {
            *to = ' ';
            p = end;
        }
        to++;
    }
    *to = '\0';
}

/* ------------------------------------------------------------ one line */

static void squeeze(char *text) {
    char *to = text;
    bool gap = false;
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            gap = to > text;
            continue;
        }
        if (gap) *to++ = ' ';
        gap = false;
        *to++ = *p;
    }
    *to = '\0';
}

#define PHRASE 6 /* bytes: shorter words may stand twice */

/* "502 Bad Gateway 502 Bad Gateway nginx": a page's title and its heading are often the same. */
static void say_once(char *text) {
    for (char *gap = text; (gap = strchr(gap, ' ')) != NULL; gap++) {
        size_t n = (size_t)(gap - text);
        if (n < PHRASE || strncmp(text, gap + 1, n) != 0) continue;
        if (gap[1 + n] != ' ' && gap[1 + n] != '\0') continue;
        memmove(text, gap + 1, strlen(gap + 1) + 1);
        gap = text;
    }
}

void b24_flatten(char *text) {
    strip_tags(text);
    b24_decode_entities(text);
    squeeze(text);
    say_once(text);
}

void b24_shorten(char *text, size_t max) {
    if (strlen(text) <= max) return;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80) max--;
    memcpy(text + max, "...", 4);
}
