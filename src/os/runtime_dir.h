/* os/runtime_dir.h: the folder for what b24's processes share on this machine. */
#ifndef B24_OS_RUNTIME_DIR_H
#define B24_OS_RUNTIME_DIR_H

#include <sys/types.h>

#include "base/fault.h"

B24_PRIVATE_BEGIN

#define B24_DIR_MAX 1024 /* bytes of a path in it */

struct b24_runtime_dir {
    char path[B24_DIR_MAX];
    bool
        shared; /* a named folder whose group, ours too, may write: files in it are for the group */
    gid_t group; /* the folder's */
};

/* Finds and, if needed, makes it: `named` (conf.runtime_dir; may be NULL), B24_RUNTIME_DIR,
   $XDG_RUNTIME_DIR/b24, /run/user/UID/b24 if /run/user/UID is there, ~/.cache/b24. It must be a
   directory, no link, the user's own and closed to others; only a folder that was named may belong
   to somebody else, if a group of ours may write. False: `fault`. */
bool b24_runtime_dir(const char *named, struct b24_runtime_dir *out, struct b24_fault *fault);

/* The user's home: $HOME if absolute, else the password database. */
const char *b24_home(void);

B24_PRIVATE_END
#endif
