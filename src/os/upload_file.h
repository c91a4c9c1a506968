/* os/upload_file.h: files whose contents are sent. */
#ifndef B24_OS_UPLOAD_FILE_H
#define B24_OS_UPLOAD_FILE_H

#include "rest/body.h"

B24_PRIVATE_BEGIN

/* Opens a regular file for reading, at places (several threads may). A file that is written to, cut
   or replaced in place from then on is noticed, at the latest before its last byte is given away:
   what was sent of it is no whole request. NULL: `fault`. */
struct b24_source *b24_upload_open(const char *path, struct b24_fault *fault);

B24_PRIVATE_END
#endif
