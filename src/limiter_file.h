/* limiter_file.h: a limiter's cell in a small mapped file, shared by all processes of this machine. */
#ifndef B24_LIMITER_FILE_H
#define B24_LIMITER_FILE_H

#include "fault.h"
#include "limiter.h"

B24_PRIVATE_BEGIN

struct b24_limiter_page; /* the file's content: limiter_file.c */

/* All zero but fd = -1: closed. */
struct b24_limiter_file {
    int fd;
    struct b24_limiter_page *page;
};

/* Opens or makes the file for the portal `origin` ("https://portal.example") in `dir` (conf.runtime_dir, may be NULL).
   False: `fault`; the caller then counts in its own process. */
bool b24_limiter_open(struct b24_limiter_file *file, const char *dir, const char *origin, struct b24_fault *fault);

/* The cell, looked at anew before each use: a file that was truncated is made whole again, and NULL tells of one that
   was deleted or cannot be mended (close, then open again). What remains is the time between this look and the use. */
b24_cell *b24_limiter_cell(struct b24_limiter_file *file);

void b24_limiter_close(struct b24_limiter_file *file);

B24_PRIVATE_END
#endif
