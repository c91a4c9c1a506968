/* A portal for engine_threads.c: plain HTTP/1.1 on loopback in a process of its own, one loop, as
   bad as it is asked to be. The method's name says how it answers; the answer is the request's
   body. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine_server.h"

#define PEERS   900 /* connections at once; below the usual limit of 1024 descriptors */
#define REQUEST 2048
#define LATE    10 /* ms */

struct peer {
    int fd;
    size_t n;
    char text[REQUEST];
    long due; /* ms; 0: nothing is to be answered later */
};

static struct peer *peers[PEERS];
static int count;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void drop(int i) {
    close(peers[i]->fd);
    free(peers[i]);
    peers[i] = peers[--count];
}

/* False: the connection is over. */
static bool answer(struct peer *p) {
    char head[REQUEST + 200];
    const char *body = strstr(p->text, "\r\n\r\n") + 4;
    int n = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(body), body);
    p->n = 0;
    p->due = 0;
    return send(p->fd, head, (size_t)n, MSG_NOSIGNAL) == n;
}

/* A whole request is there. False: the connection is over. */
static bool obey(struct peer *p) {
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Le";
    if (strstr(p->text, "/now ") != NULL) return answer(p);
    if (strstr(p->text, "/late ") != NULL) p->due = now() + LATE;
    else if (strstr(p->text, "/never ") != NULL) p->n = 0;
    else return send(p->fd, half, sizeof half - 1, MSG_NOSIGNAL) < 0; /* "cut" */
    return true;
}

static bool complete(const struct peer *p) {
    const char *end = strstr(p->text, "\r\n\r\n"), *length = strcasestr(p->text, "content-length:");
    return end != NULL && length != NULL && strlen(end + 4) >= strtoul(length + 15, NULL, 10);
}

static bool take(struct peer *p) {
    ssize_t k = read(p->fd, p->text + p->n, REQUEST - 1 - p->n);
    if (k <= 0) return false;
    p->n += (size_t)k;
    p->text[p->n] = '\0';
    return !complete(p) || obey(p);
}

static void greet(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct peer *p = count < PEERS ? calloc(1, sizeof *p) : NULL;
    if (p == NULL) {
        close(fd);
        return;
    }
    p->fd = fd;
    peers[count++] = p;
}

/* Ends when nobody holds the other end of `lifeline` any more. */
static void serve(int listener, int lifeline) {
    struct pollfd ready[PEERS + 2];
    for (;;) {
        int watched = count; /* newcomers have their turn the next time */
        ready[0] = (struct pollfd){.fd = lifeline, .events = POLLIN};
        ready[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (int i = 0; i < watched; i++)
            ready[i + 2] = (struct pollfd){.fd = peers[i]->fd, .events = POLLIN};
        poll(ready, (nfds_t)watched + 2, LATE / 2);
        if (ready[0].revents != 0) return;
        for (int i = watched - 1; i >= 0; i--) { /* backwards: drop puts the last one here */
            bool keep = ready[i + 2].revents == 0 || take(peers[i]);
            if (keep && peers[i]->due > 0 && peers[i]->due <= now()) keep = answer(peers[i]);
            if (!keep) drop(i);
        }
        if (ready[1].revents != 0) greet(listener);
    }
}

int engine_server(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int lifeline[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0 || pipe2(lifeline, O_CLOEXEC) != 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        close(lifeline[1]);
        serve(fd, lifeline[0]);
        _exit(0);
    }
    close(fd);
    close(lifeline[0]); /* lifeline[1] stays open until this process ends */
    return pid > 0 ? ntohs(a.sin_port) : 0;
}
