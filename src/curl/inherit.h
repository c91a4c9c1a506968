/* curl/inherit.h: descriptors that no child of this program is to inherit. A stranger who holds a
   socket keeps a connection open after its end, and could speak on it. */
#ifndef B24_CURL_INHERIT_H
#define B24_CURL_INHERIT_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* A non-blocking pipe for this process alone. False: no descriptor. */
bool b24_private_pipe(int fds[2]);

/* As socket(2), for this process alone. */
int b24_private_socket(int family, int type, int protocol);

/* libcurl before 8.10 makes its own pairs of sockets without this care: to wake up a multi handle,
   and for each search for a name. What others open between the two calls is looked at, too: only
   nameless pairs of sockets and pipes are touched. */
struct b24_open_fds {
    int first;      /* the lowest that was free; -1: not known */
    uint64_t taken; /* bit i: first + i was open */
};

struct b24_open_fds b24_note_fds(void);
void b24_keep_fds(const struct b24_open_fds *before);

/* Around curl_multi_perform, where libcurl leaks: what was open when the first search for a name
   began. A call on a kept connection begins none, and costs nothing. */
#define B24_NO_LOOKUP ((struct b24_open_fds){-1, 0})

/* Why no more descriptors can be had: EMFILE (this process) or ENFILE (the machine); 0: they can.
 */
int b24_out_of_files(void);

B24_PRIVATE_END
#endif
