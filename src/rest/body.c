#include "rest/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

/* ------------------------------------------------------------ files */

struct b24_files *b24_files_new(void) {
    struct b24_files *files = calloc(1, sizeof *files);
    if (files != NULL) files->kept = 1;
    return files;
}

static bool grow(struct b24_files *files) {
    size_t cap = files->cap > 0 ? files->cap * 2 : 4;
    if (files->count < files->cap) return true;
    struct b24_file_at *list = realloc(files->list, cap * sizeof *list);
    if (list == NULL) return false;
    files->list = list;
    files->cap = cap;
    return true;
}

bool b24_files_add(struct b24_files *files, size_t at, struct b24_source *source) {
    if (!grow(files)) {
        source->free(source);
        return false;
    }
    files->list[files->count++] = (struct b24_file_at){at, source};
    return true;
}

struct b24_files *b24_files_keep(struct b24_files *files) {
    if (files != NULL) files->kept++;
    return files;
}

void b24_files_drop(struct b24_files *files) {
    if (files == NULL || --files->kept > 0) return;
    for (size_t i = 0; i < files->count; i++) files->list[i].source->free(files->list[i].source);
    free(files->list);
    free(files);
}

uint64_t b24_body_length(struct b24_view text, const struct b24_files *files) {
    uint64_t n = text.n;
    for (size_t i = 0; files != NULL && i < files->count; i++)
        n += b24_base64_length(files->list[i].source->size);
    return n;
}

/* ------------------------------------------------------------ reading */

void b24_body_begin(struct b24_body_reader *r, struct b24_view text,
                    const struct b24_files *files) {
    r->text = text;
    r->files = files;
    r->text_at = r->file = r->spares = 0;
    r->file_at = 0;
    r->failed = false;
}

/* The text up to the next file, or to its end. */
static size_t read_text(struct b24_body_reader *r, char *to, size_t n) {
    bool more = r->files != NULL && r->file < r->files->count;
    size_t left = (more ? r->files->list[r->file].at : r->text.n) - r->text_at;
    if (n > left) n = left;
    memcpy(to, r->text.p + r->text_at, n);
    r->text_at += n;
    return n;
}

/* n bytes of the next file, at the end of the room for their text, and then as that. */
static size_t encode(struct b24_body_reader *r, char *to, size_t n) {
    struct b24_source *source = r->files->list[r->file].source;
    size_t room = (size_t)b24_base64_length(n);
    char *raw = to + room - n;
    r->failed = !source->read(source, r->file_at, raw, n, &r->fault);
    if (r->failed) return 0;
    r->file_at += n;
    return b24_base64(raw, n, to);
}

/* What is left of a group. */
static size_t read_spares(struct b24_body_reader *r, char *to, size_t n) {
    if (n > r->spares) n = r->spares;
    memcpy(to, r->spare + sizeof r->spare - r->spares, n);
    r->spares -= n;
    return n;
}

/* Whole groups where there is room for them. */
static size_t read_file(struct b24_body_reader *r, char *to, size_t n) {
    uint64_t left = r->files->list[r->file].source->size - r->file_at;
    size_t most = n / 4 * 3;
    if (r->spares > 0) return read_spares(r, to, n);
    if (most > 0) return encode(r, to, left < most ? (size_t)left : most);
    r->spares = encode(r, r->spare, left < 3 ? (size_t)left : 3);
    return read_spares(r, to, n);
}

static bool at_file(const struct b24_body_reader *r) {
    return r->files != NULL && r->file < r->files->count &&
           r->text_at == r->files->list[r->file].at;
}

/* Its last character was read. */
static bool file_over(const struct b24_body_reader *r) {
    return r->spares == 0 && r->file_at == r->files->list[r->file].source->size;
}

size_t b24_body_read(struct b24_body_reader *r, char *to, size_t n) {
    size_t done = 0;
    while (done < n && !r->failed) {
        if (at_file(r) && file_over(r)) {
            r->file++;
            r->file_at = 0;
            continue;
        }
        size_t got =
            at_file(r) ? read_file(r, to + done, n - done) : read_text(r, to + done, n - done);
        if (got == 0) break;
        done += got;
    }
    return r->failed ? 0 : done;
}
