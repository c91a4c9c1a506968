#include "rest/live_frames.h"

#include <string.h>

#include "base/ascii.h"
#include "json/document.h"

/* Nobody escapes them where a user has typed them: so a frame's end is found as the end of its
   JSON, and never by looking for the marker. */
#define BEGINS "#!NGINXNMS!#"
#define ENDS   "#!NGINXNME!#"
#define MARKER (sizeof BEGINS - 1)

#define HEAD_BYTES 512 /* of a frame that cannot be read: its number stands before its text */

bool b24_live_is_mid(struct b24_view text) {
    if (text.n != B24_MID_DIGITS) return false;
    for (size_t i = 0; i < text.n; i++)
        if (!b24_is_digit(text.p[i])) return false;
    return true;
}

static void skip(struct b24_view *v, size_t n) {
    v->p += n;
    v->n -= n;
}

static void skip_blanks(struct b24_view *v) {
    while (v->n > 0 && strchr(" \t\r\n", v->p[0]) != NULL && v->p[0] != '\0') skip(v, 1);
}

static bool begins(struct b24_view v, const char *marker) {
    return v.n >= MARKER && memcmp(v.p, marker, MARKER) == 0;
}

/* Where the next frame begins; v.n: nowhere. */
static size_t find(struct b24_view v) {
    for (size_t i = 0; i + MARKER <= v.n; i++) {
        const char *hash = memchr(v.p + i, '#', v.n - i);
        if (hash == NULL) return v.n;
        i = (size_t)(hash - v.p);
        if (begins((struct b24_view){hash, v.n - i}, BEGINS)) return i;
    }
    return v.n;
}

/* How many bytes the object or array at the start of `v` has; 0: there is none; v.n + 1: it goes on
   beyond. Only brackets and strings are looked at. */
static size_t json_length(struct b24_view v) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (in_string && c == '\\') i++;
        else if (c == '"' && depth > 0) in_string = !in_string;
        else if (in_string) continue;
        else if (depth == 0 && !opens) return 0;
        else if (opens) depth++;
        else if (closes && --depth == 0) return i + 1;
    }
    return v.n + 1;
}

/* ------------------------------------------------------------ what a frame says */

static void copy_mid(struct b24_live_frame *frame, struct b24_view text) {
    if (!b24_live_is_mid(text)) return;
    memcpy(frame->mid, text.p, B24_MID_DIGITS);
    frame->mid[B24_MID_DIGITS] = '\0';
}

static void take_mid(struct b24_live_frame *frame, const cJSON *mid) {
    if (cJSON_IsString(mid)) copy_mid(frame, b24_view_of(mid->valuestring));
}

/* {mid, text} of versions 3 and 4, or JSON-RPC's {params: {mid, body}} of version 5. */
static void take_object(struct b24_live_frame *frame, const cJSON *object) {
    const cJSON *params = b24_member(object, "params");
    const cJSON *text = b24_member(object, "text"), *method = b24_member(object, "method");
    bool rpc = text == NULL && cJSON_IsString(method);
    frame->is_other = rpc && strcmp(method->valuestring, "incoming.message") != 0;
    frame->body = rpc ? b24_member(params, "body") : text;
    take_mid(frame, b24_member(rpc ? params : object, "mid"));
}

/* Its number moves us on, even where the rest is of no use: else it would come for ever. */
static void take_unreadable(struct b24_live_frame *frame, struct b24_view text) {
    static const char key[] = "\"mid\":\"";
    if (text.n > HEAD_BYTES) text.n = HEAD_BYTES;
    for (; text.n > sizeof key - 1 + B24_MID_DIGITS; skip(&text, 1)) {
        if (memcmp(text.p, key, sizeof key - 1) != 0) continue;
        copy_mid(frame, (struct b24_view){text.p + sizeof key - 1, B24_MID_DIGITS});
        return;
    }
}

/* ------------------------------------------------------------ one after another */

static cJSON *parse(struct b24_live_frames *f, struct b24_view text) {
    struct b24_json_error error;
    struct b24_buffer copy;
    cJSON *tree = NULL;
    b24_buffer_init(&copy, B24_LIVE_REPLY_MAX); /* the parser wants a NUL behind the text */
    if (b24_buffer_add(&copy, text.p, text.n)) {
        tree = b24_document_parse(b24_buffer_view(&copy), B24_DEPTH_DEFAULT, &error);
        if (tree == NULL && error.no_memory) f->no_memory = true;
    } else if (copy.state == B24_BUFFER_NO_MEMORY) {
        f->no_memory = true;
    }
    b24_buffer_free(&copy);
    return tree;
}

bool b24_live_frames_begin(struct b24_live_frames *f, struct b24_view body) {
    memset(f, 0, sizeof *f);
    f->rest = body;
    if (f->rest.n >= 3 && memcmp(f->rest.p, "\xEF\xBB\xBF", 3) == 0) skip(&f->rest, 3);
    skip_blanks(&f->rest);
    if (f->rest.n == 0 || begins(f->rest, BEGINS)) return true;
    if (f->rest.n < MARKER && memcmp(f->rest.p, BEGINS, f->rest.n) == 0) {
        f->cut = true;
        return true;
    }
    if (f->rest.p[0] != '[' && f->rest.p[0] != '{') return false;
    f->is_json = true;
    size_t n = json_length(f->rest);
    f->cut = n > f->rest.n;
    cJSON *root = f->cut ? NULL : parse(f, (struct b24_view){f->rest.p, n});
    f->root = root;
    if (root == NULL) return f->cut || f->no_memory;
    f->next = cJSON_IsArray(root) ? root->child : root;
    return true;
}

static bool next_in_json(struct b24_live_frames *f, struct b24_live_frame *frame) {
    cJSON *item = f->next;
    if (item == NULL) return false;
    f->next = cJSON_IsArray(f->root) ? item->next : NULL;
    take_object(frame, item);
    return true;
}

bool b24_live_frames_next(struct b24_live_frames *f, struct b24_live_frame *frame) {
    memset(frame, 0, sizeof *frame);
    cJSON_Delete(f->frame);
    f->frame = NULL;
    if (f->is_json) return next_in_json(f, frame);
    skip(&f->rest, find(f->rest));
    if (f->rest.n == 0) return false;
    struct b24_view text = {f->rest.p + MARKER, f->rest.n - MARKER};
    size_t n = json_length(text);
    bool goes_on = n > text.n, whole = n > 0 && !goes_on;
    if (!whole) n = find(text); /* garbage, up to the next frame */
    f->cut = goes_on ? n == text.n : whole && text.n - n < MARKER;
    f->rest = (struct b24_view){text.p + n, f->cut ? 0 : text.n - n};
    if (f->cut) return false;
    text.n = n;
    if (whole && begins(f->rest, ENDS)) f->frame = parse(f, text);
    if (f->no_memory) return false;
    if (f->frame != NULL) take_object(frame, f->frame);
    else take_unreadable(frame, text);
    return true;
}

void b24_live_frames_end(struct b24_live_frames *f) {
    cJSON_Delete(f->frame);
    cJSON_Delete(f->root);
    memset(f, 0, sizeof *f);
}
