#define _POSIX_C_SOURCE 200809L
#include "os/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

int b24_above_standard(int fd) {
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int why = errno;
    close(fd);
    errno = why;
    return moved;
}

int b24_hold_standard(void) {
    int held = 0; /* a bit for each */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        int got = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (got == fd) held |= 1 << fd;
        else if (got >= 0) close(got); /* another thread was faster */
    }
    return held;
}

void b24_leave_standard(int held) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (held & 1 << fd) close(fd);
}

void b24_fill_standard(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        /* The wrong way round. Children inherit it: to them the stream is closed as well. */
        int got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (got < 0) got = open("/", O_RDONLY); /* a folder can be neither read nor written */
        if (got > fd) close(got);               /* cannot be: the lowest free number is given */
    }
}

bool b24_has_reader(int fd) {
    struct stat s;
    return fstat(fd, &s) == 0 && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode));
}

bool b24_reader_gone(int fd) {
    struct pollfd p = {.fd = fd, .events = 0};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP)) != 0;
}
