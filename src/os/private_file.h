/* os/private_file.h: files that only their owner may read, replaced as a whole. */
#ifndef B24_OS_PRIVATE_FILE_H
#define B24_OS_PRIVATE_FILE_H

#include "base/fault.h"

B24_PRIVATE_BEGIN

/* Puts a file with these bytes in the place of `path` (absolute), 0600 from its first moment:
   whoever reads sees the old bytes or the new ones, also after a crash. Folders that are missing
   are made, 0700. False: `fault`. */
bool b24_private_write(const char *path, struct b24_view bytes, struct b24_fault *fault);

/* Makes the folders above `path` that are missing, 0700. False: see errno. */
bool b24_private_folders(const char *path);

B24_PRIVATE_END
#endif
