/* The server of the benchmarks: HTTP/1.1 over TLS and plain, on loopback, a thread for each
   connection, answers made before the first request. Small and steady, so that what is measured is
   the client.

       server CERTIFICATE KEY PORTS FILE.json...

   Prints "http PORT https PORT PORT ..." and serves until it is killed. The last part of a
   request's path is the REST method: NAME.get is answered with NAME.json, NAME.close.get likewise,
   and then the connection is closed. "stats" is answered with the number of connections so far. A
   webhook of user 50000 and more is answered after 50 ms. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS_MAX 128
#define ANSWERS_MAX   24
#define ANSWER_MAX    (17 << 20) /* bytes */
#define REQUEST_MAX   (16 << 10) /* bytes of a request; the clients' have about 300 */
#define NAME_MAX_     32

struct answer {
    char name[NAME_MAX_];
    char *keep, *close; /* the whole reply, header included */
    size_t keep_n, close_n;
};

struct peer {
    int fd;
    SSL *ssl; /* NULL: plain */
};

static struct answer answers[ANSWERS_MAX];
static int answer_count;
static SSL_CTX *context;
static atomic_int http_connections, https_connections, resumed;

static void die(const char *what) {
    fprintf(stderr, "bench server: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------ answers */

static char *read_file(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    char *text = malloc(ANSWER_MAX);
    if (f == NULL || text == NULL) die(path);
    *n = fread(text, 1, ANSWER_MAX, f);
    fclose(f);
    return text;
}

static char *reply(const char *body, size_t n, const char *connection, size_t *reply_n) {
    char *text = malloc(n + 200);
    if (text == NULL) die("no memory");
    int head = snprintf(
        text, 200,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nConnection: %s\r\n"
        "Content-Length: %zu\r\n\r\n",
        connection, n);
    memcpy(text + head, body, n);
    *reply_n = (size_t)head + n;
    return text;
}

static void load(const char *path) {
    if (answer_count == ANSWERS_MAX) die("too many files");
    struct answer *a = &answers[answer_count++];
    const char *base = strrchr(path, '/');
    size_t n;
    snprintf(a->name, sizeof a->name, "%s", base != NULL ? base + 1 : path);
    a->name[strcspn(a->name, ".")] = '\0';
    char *body = read_file(path, &n);
    a->keep = reply(body, n, "keep-alive", &a->keep_n);
    a->close = reply(body, n, "close", &a->close_n);
    free(body);
}

/* ------------------------------------------------------------ one connection */

static int get(struct peer *p, char *to, size_t n) {
    return p->ssl != NULL ? SSL_read(p->ssl, to, (int)n) : (int)read(p->fd, to, n);
}

static int put(struct peer *p, const char *from, size_t n) {
    while (n > 0) {
        int k = p->ssl != NULL ? SSL_write(p->ssl, from, (int)n) : (int)write(p->fd, from, n);
        if (k <= 0) return 0;
        from += k;
        n -= (size_t)k;
    }
    return 1;
}

/* Reads one request, header and body, into text. 0: the client has gone. */
static int read_request(struct peer *p, char *text) {
    size_t n = 0, wanted = 0;
    while (wanted == 0 || n < wanted) {
        int k = n < REQUEST_MAX ? get(p, text + n, REQUEST_MAX - n) : 0;
        if (k <= 0) return 0;
        n += (size_t)k;
        text[n] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end == NULL || wanted > 0) continue;
        const char *length = strcasestr(text, "\r\ncontent-length:");
        wanted = (size_t)(end + 4 - text) +
                 (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
    }
    return 1;
}

static int put_stats(struct peer *p) {
    char body[100];
    size_t n;
    int k = snprintf(body, sizeof body, "https %d resumed %d http %d\n", https_connections, resumed,
                     http_connections);
    char *text = reply(body, (size_t)k, "close", &n);
    put(p, text, n);
    free(text);
    return 0;
}

static void wait_for_user(const char *path) {
    static const struct timespec delay = {0, 50 * 1000000};
    const char *user = strstr(path, "/rest/");
    if (user != NULL && atol(user + 6) >= 50000) nanosleep(&delay, NULL);
}

/* 0: the connection is to be closed. */
static int put_answer(struct peer *p, char *request) {
    char *path = strchr(request, ' '), *name;
    if (path == NULL) return 0;
    wait_for_user(path);
    path[1 + strcspn(path + 1, " ?\r")] = '\0';
    name = strrchr(path, '/');
    if (name == NULL) return 0;
    if (strcmp(++name, "stats") == 0) return put_stats(p);
    size_t n = strcspn(name, ".");
    for (int i = 0; i < answer_count; i++) {
        const struct answer *a = &answers[i];
        if (strlen(a->name) != n || memcmp(a->name, name, n) != 0) continue;
        if (strncmp(name + n, ".close", 6) != 0) return put(p, a->keep, a->keep_n);
        put(p, a->close, a->close_n);
        return 0;
    }
    return 0;
}

static void *serve(void *arg) {
    struct peer *p = arg;
    char request[REQUEST_MAX + 1];
    int good = 1;
    if (p->ssl != NULL) {
        good = SSL_accept(p->ssl) == 1;
        if (good) resumed += SSL_session_reused(p->ssl);
    }
    while (good && read_request(p, request) && put_answer(p, request)) {
    }
    if (p->ssl != NULL) {
        if (good) SSL_shutdown(p->ssl);
        SSL_free(p->ssl);
    }
    close(p->fd);
    free(p);
    return NULL;
}

/* ------------------------------------------------------------ listening */

static int listen_on_loopback(int *port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        die("cannot listen");
    *port = ntohs(a.sin_port);
    return fd;
}

static void begin(int fd, int tls) {
    struct peer *p = calloc(1, sizeof *p);
    int on = 1;
    pthread_t thread;
    if (p == NULL) die("no memory");
    p->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls) {
        https_connections++;
        p->ssl = SSL_new(context);
        if (p->ssl == NULL || SSL_set_fd(p->ssl, fd) != 1) die("no memory");
    } else {
        http_connections++;
    }
    if (pthread_create(&thread, NULL, serve, p) != 0) die("no thread");
    pthread_detach(thread);
}

static void start_tls(const char *certificate, const char *key) {
    context = SSL_CTX_new(TLS_server_method());
    if (context == NULL ||
        SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        die("unusable certificate or key");
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"bench", 5);
}

int main(int argc, char **argv) {
    struct pollfd ready[LISTENERS_MAX + 1];
    int port, ports = argc > 4 ? atoi(argv[3]) : 0;
    if (ports < 1 || ports > LISTENERS_MAX) die("usage: server CERTIFICATE KEY PORTS FILE.json...");
    signal(SIGPIPE, SIG_IGN);
    start_tls(argv[1], argv[2]);
    for (int i = 4; i < argc; i++) load(argv[i]);
    for (int i = 0; i <= ports; i++) {
        ready[i] = (struct pollfd){.fd = listen_on_loopback(&port), .events = POLLIN};
        printf(i == 0 ? "http %d https" : " %d", port);
    }
    printf("\n");
    fflush(stdout);
    for (;;) {
        if (poll(ready, (nfds_t)ports + 1, -1) <= 0) continue;
        for (int i = 0; i <= ports; i++) {
            if (ready[i].revents == 0) continue;
            int fd = accept4(ready[i].fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0) begin(fd, i > 0);
        }
    }
}
