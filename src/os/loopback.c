#define _POSIX_C_SOURCE 200809L
#include "os/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/standard.h"

#define SLICE  100  /* ms between two looks at Ctrl-C */
#define LINGER 2000 /* ms for a browser to take the answer */
#define BACKLOG                                                                                    \
    64 /* connections that nobody has accepted yet: idle ones must not shut others out */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE below */
#endif

/* ------------------------------------------------------------ listening */

static bool prepare(int fd) {
    int flags = fcntl(fd, F_GETFL);
#ifdef SO_NOSIGPIPE
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool bind_and_listen(int fd, int port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* A log-in a minute ago does not keep the port; one that still listens does. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return prepare(fd) && bind(fd, (struct sockaddr *)&here, sizeof here) == 0 &&
           listen(fd, BACKLOG) == 0;
}

bool b24_loopback_listen(struct b24_loopback *server, int port) {
    server->next = 0;
    for (size_t i = 0; i < B24_BROWSERS; i++) server->browsers[i].fd = -1;
    server->fd = b24_above_standard(socket(AF_INET, SOCK_STREAM, 0));
    if (server->fd < 0) return false;
    if (bind_and_listen(server->fd, port)) return true;
    int why = errno;
    b24_loopback_close(server);
    errno = why;
    return false;
}

int b24_loopback_port(const struct b24_loopback *server) {
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    if (getsockname(server->fd, (struct sockaddr *)&here, &size) != 0) return 0;
    return ntohs(here.sin_port);
}

static void hang_up(struct b24_browser *browser) {
    if (browser->fd >= 0) close(browser->fd);
    browser->fd = -1;
}

void b24_loopback_close(struct b24_loopback *server) {
    for (size_t i = 0; i < B24_BROWSERS; i++) hang_up(&server->browsers[i]);
    if (server->fd >= 0) close(server->fd);
    server->fd = -1;
}

/* ------------------------------------------------------------ requests */

/* Where all places are taken the oldest goes: whoever holds them all must not shut others out. */
static void welcome(struct b24_loopback *server) {
    int fd = b24_above_standard(accept(server->fd, NULL, NULL));
    if (fd < 0) return;
    if (!prepare(fd)) {
        close(fd);
        return;
    }
    struct b24_browser *browser = &server->browsers[server->next];
    server->next = (server->next + 1) % B24_BROWSERS;
    hang_up(browser);
    browser->fd = fd;
    browser->n = 0;
}

/* "GET /path?query HTTP/1.1" -> the part in the middle. */
static bool read_target(const struct b24_browser *browser, struct b24_view *target) {
    const char *end = memchr(browser->head, '\r', browser->n);
    const char *space = end != NULL && memcmp(browser->head, "GET ", 4) == 0
                            ? memchr(browser->head + 4, ' ', (size_t)(end - browser->head) - 4)
                            : NULL;
    if (space == NULL) return false;
    *target = (struct b24_view){browser->head + 4, (size_t)(space - browser->head) - 4};
    return true;
}

/* Reads what has arrived. Is the head whole? */
static bool listen_to(struct b24_browser *browser, struct b24_view *target) {
    ssize_t n = recv(browser->fd, browser->head + browser->n, B24_HEAD_MAX - 1 - browser->n, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n > 0) {
        browser->n += (size_t)n;
        browser->head[browser->n] = '\0';
        bool whole = strstr(browser->head, "\r\n\r\n") != NULL;
        if (whole && read_target(browser, target)) return true;
        if (!whole && browser->n < B24_HEAD_MAX - 1) return false;
    }
    hang_up(browser); /* gone, or no request that a browser sends */
    return false;
}

static enum b24_loopback_event look(struct b24_loopback *server, struct b24_browser **browser,
                                    struct b24_view *target) {
    struct pollfd all[B24_BROWSERS + 1];
    for (size_t i = 0; i < B24_BROWSERS; i++)
        all[i] = (struct pollfd){.fd = server->browsers[i].fd, .events = POLLIN};
    all[B24_BROWSERS] = (struct pollfd){.fd = server->fd, .events = POLLIN};
    if (poll(all, B24_BROWSERS + 1, SLICE) < 0)
        return errno == EINTR ? B24_LOOPBACK_LATE : B24_LOOPBACK_BROKEN;
    for (size_t i = 0; i < B24_BROWSERS; i++) {
        *browser = &server->browsers[i];
        if (all[i].revents != 0 && listen_to(*browser, target)) return B24_LOOPBACK_REQUEST;
    }
    if (all[B24_BROWSERS].revents != 0) welcome(server);
    return B24_LOOPBACK_LATE;
}

enum b24_loopback_event b24_loopback_wait(struct b24_loopback *server, b24_ms limit,
                                          bool (*interrupted)(void *), void *arg,
                                          struct b24_browser **browser, struct b24_view *target) {
    for (b24_ms until = b24_clock() + limit;;) {
        enum b24_loopback_event event = look(server, browser, target);
        if (event != B24_LOOPBACK_LATE) return event;
        if (interrupted(arg)) return B24_LOOPBACK_STOPPED;
        if (b24_clock() >= until) return B24_LOOPBACK_LATE;
    }
}

/* ------------------------------------------------------------ answers */

static void send_all(int fd, struct b24_view bytes, b24_ms until) {
    while (bytes.n > 0 && b24_clock() < until) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (poll(&p, 1, SLICE) <= 0) continue;
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return;
        if (n > 0) bytes = (struct b24_view){bytes.p + n, bytes.n - (size_t)n};
    }
}

/* Until the browser has closed its side: closing before would lose what it has not read. */
static void wait_for_end(int fd, b24_ms until) {
    char rest[512];
    while (b24_clock() < until) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, SLICE) <= 0) continue;
        ssize_t n = recv(fd, rest, sizeof rest, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    }
}

void b24_loopback_answer(struct b24_browser *browser, struct b24_view bytes) {
    b24_ms until = b24_clock() + LINGER;
    if (browser->fd < 0) return;
    send_all(browser->fd, bytes, until);
    if (shutdown(browser->fd, SHUT_WR) == 0) wait_for_end(browser->fd, until);
    hang_up(browser);
}

void b24_connection_reset(int fd) {
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(fd, &nowhere, sizeof nowhere);
}
