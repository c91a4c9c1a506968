#define _GNU_SOURCE /* pipe2 */
#include "curl/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/standard.h"

#define WINDOW 64 /* descriptors that are looked at: a new one gets the lowest free number */

#ifndef __linux__
static bool set_flags(int fd) {
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}
#endif

/* Who fails closes both. */
bool b24_private_pipe(int fds[2]) {
#ifdef __linux__
    bool ok = pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0;
#else
    bool ok = pipe(fds) == 0 && set_flags(fds[0]) && set_flags(fds[1]);
#endif
    for (int i = 0; ok && i < 2; i++) fds[i] = b24_above_standard(fds[i]);
    return ok && fds[0] >= 0 && fds[1] >= 0;
}

int b24_private_socket(int family, int type, int protocol) {
#ifdef SOCK_CLOEXEC
    return b24_above_standard(socket(family, type | SOCK_CLOEXEC, protocol));
#else
    int fd = b24_above_standard(socket(family, type, protocol));
    if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
#endif
}

struct b24_open_fds b24_note_fds(void) {
    struct b24_open_fds now = {open("/dev/null", O_RDONLY | O_CLOEXEC), 0};
    if (now.first < 0) return now;
    close(now.first);
    for (int i = 0; i < WINDOW; i++)
        if (fcntl(now.first + i, F_GETFD) >= 0) now.taken |= (uint64_t)1 << i;
    return now;
}

/* A pipe, or one of a pair of sockets: the latter has no name. */
static bool is_pair(int fd) {
    struct stat st;
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof name;
    if (fstat(fd, &st) != 0) return false;
    if (S_ISFIFO(st.st_mode)) return true;
    return S_ISSOCK(st.st_mode) && getsockname(fd, (struct sockaddr *)&name, &n) == 0 &&
           name.ss_family == AF_UNIX && n <= sizeof(sa_family_t);
}

void b24_keep_fds(const struct b24_open_fds *before) {
    for (int i = 0; before->first >= 0 && i < WINDOW; i++) {
        int fd = before->first + i;
        bool fresh = (before->taken >> i & 1) == 0 && fcntl(fd, F_GETFD) == 0;
        if (fresh && is_pair(fd)) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

#define PROBES 4 /* descriptors that one transfer may need: socket, CA file, a pair for DNS */

int b24_out_of_files(void) {
    int fds[PROBES], n = 0, why = 0;
    while (n < PROBES && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) n++;
    if (n < PROBES) why = errno;
    while (n > 0) close(fds[--n]);
    return why == EMFILE || why == ENFILE ? why : 0;
}
