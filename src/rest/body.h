/* rest/body.h: a request's body that is not in memory as a whole: JSON with the contents of files
   in it, as Base64, read piece by piece. No I/O: a source reads. */
#ifndef B24_REST_BODY_H
#define B24_REST_BODY_H

#include "base/fault.h"

B24_PRIVATE_BEGIN

/* Where a file's bytes come from. May be read by several at once, each at places of its own. */
struct b24_source {
    uint64_t size;
    /* Copies n bytes from `at` on; the last of them only if all are of the file that was opened.
       False: `fault`. */
    bool (*read)(struct b24_source *source, uint64_t at, char *to, size_t n,
                 struct b24_fault *fault);
    void (*free)(struct b24_source *source);
};

/* The files in a body, in their order; each stands before the byte `at` of its text. Counted: who
   keeps them drops them, all in one thread. */
struct b24_files {
    int kept;
    size_t count, cap;
    struct b24_file_at {
        size_t at;
        struct b24_source *source;
    } * list;
};

/* Kept once. NULL: no memory. */
struct b24_files *b24_files_new(void);

/* `source` is theirs from now on, also where this fails. False: no memory. */
bool b24_files_add(struct b24_files *files, size_t at, struct b24_source *source);

/* Answers `files`; NULL too. */
struct b24_files *b24_files_keep(struct b24_files *files);
void b24_files_drop(struct b24_files *files);

/* Bytes of the body; `files` may be NULL. */
uint64_t b24_body_length(struct b24_view text, const struct b24_files *files);

/* How far a body was read. Text and files must stay. */
struct b24_body_reader {
    struct b24_view text;
    const struct b24_files *files;
    size_t text_at, file; /* bytes of the text, and files, that were read */
    uint64_t file_at;     /* bytes of the next file */
    char spare[4];        /* of a group that did not fit as a whole: the last `spares` */
    size_t spares;
    bool failed;
    struct b24_fault fault; /* if `failed` */
};

void b24_body_begin(struct b24_body_reader *reader, struct b24_view text,
                    const struct b24_files *files);

/* The next bytes, at most n > 0; 0 at the end, or where it failed. */
size_t b24_body_read(struct b24_body_reader *reader, char *to, size_t n);

B24_PRIVATE_END
#endif
