/* Engines under ThreadSanitizer (`make tsan`): random sends, sleeps, cancels and ends from several
   threads, each with engines of its own. Every job must be heard of once, with what it asked for,
   or never again once it is cancelled.

       engine_threads THREADS ENGINES SEED   as said; then a fork
       engine_threads exit THREADS SEED      exit() while all of them are at work */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "curl/engine.h"
#include "engine_server.h"
#include "os/upload_file.h"

#define STEPS    400 /* in an engine's life */
#define TIMEOUT  60  /* ms, of what the server never answers */
#define PATIENCE 20000

enum kind { NOW, LATE, NEVER, CUT, SLEEP, KINDS };
static const char *const names[KINDS] = {"now", "late", "never", "cut", NULL};

struct job {
    b24_job id;
    enum kind kind;
    bool over, cancelled;
    b24_ms due;    /* of a sleep */
    char body[32]; /* of a request: the answer must be the same */
};

struct user {
    unsigned seed;
    int engines;
    struct b24_engine *engine;
    struct job jobs[STEPS];
    size_t count, open;
    long sent, slept, cancelled, replies, failures;
};

static struct b24_conf conf;                           /* of all; only read */
static char path[] = "/tmp/b24_engine_threads_XXXXXX"; /* of the file that requests bring */
static const char content[] = "abc", base64[] = "YWJj";
static bool with_files; /* not where all are at work at exit(), which removes the file */
static atomic_int at_work;

static _Noreturn void die(const char *what) {
    fprintf(stderr, "engine_threads: %s\n", what);
    _exit(1);
}

static struct b24_view view(const char *s) { return (struct b24_view){s, strlen(s)}; }

static int below(struct user *u, int n) { return rand_r(&u->seed) % n; }

static bool never(void *arg) {
    (void)arg;
    return false;
}
static const struct b24_interrupt no_interrupt = {never, NULL};

/* ------------------------------------------------------------ what a user does */

static void add_sleep(struct user *u, struct job *j) {
    b24_ms ms = below(u, 30);
    j->due = b24_clock_boot() + ms;
    j->id = b24_engine_sleep(u->engine, ms);
    u->slept++;
}

/* The file's content goes before the byte `at` of the body. */
static struct b24_files *attach(size_t at) {
    struct b24_fault fault;
    struct b24_files *files = b24_files_new();
    struct b24_source *source = b24_upload_open(path, &fault);
    if (files == NULL || source == NULL || !b24_files_add(files, at, source)) die("no file");
    return files;
}

/* The engine copies: all of the request is gone when it is sent. */
static void add_request(struct user *u, struct job *j) {
    struct b24_request_text text = {.url = NULL};
    struct b24_files *files = NULL;
    int number = below(u, 1000000);
    bool with_file = below(u, 4) == 0 && with_files;
    snprintf(j->body, sizeof j->body, with_file ? "{\"n\":%d,\"f\":\"\"}" : "{\"n\":%d}", number);
    if (with_file) files = attach(strlen(j->body) - 2);
    if (!b24_request_build(&text, &conf, view(names[j->kind]), view(j->body))) die("no memory");
    struct b24_request request = {.url = text.url,
                                  .body = view(text.body),
                                  .headers = text.headers,
                                  .files = files,
                                  .timeout = j->kind == NEVER ? TIMEOUT : PATIENCE,
                                  .repeatable = below(u, 2) == 0};
    j->id = b24_engine_send(u->engine, &conf, &request);
    b24_request_free(&text);
    b24_files_drop(files);
    if (with_file) snprintf(j->body, sizeof j->body, "{\"n\":%d,\"f\":\"%s\"}", number, base64);
    u->sent++;
}

static void add(struct user *u) {
    static const enum kind often[] = {NOW, NOW, NOW, LATE, LATE, NEVER, CUT, SLEEP, SLEEP, SLEEP};
    struct job *j = &u->jobs[u->count];
    *j = (struct job){.kind = often[below(u, 10)]};
    if (j->kind == SLEEP) add_sleep(u, j);
    else add_request(u, j);
    if (j->id == 0) die("no job");
    u->count++;
    u->open++;
}

static void cancel(struct user *u) {
    if (u->count == 0) return;
    struct job *j = &u->jobs[below(u, (int)u->count)];
    if (b24_engine_cancel(u->engine, j->id) != (!j->over && !j->cancelled))
        die("cancel answered wrongly");
    if (j->over || j->cancelled) return;
    j->cancelled = true;
    u->cancelled++;
    u->open--;
}

static void check_event(struct user *u, const struct job *j, const struct b24_event *event) {
    const struct b24_view body = event->as.reply.body;
    switch (j->kind) {
    case SLEEP:
        if (event->type != B24_WOKE) die("a sleep ended otherwise");
        if (b24_clock_boot() < j->due) die("a sleep ended too early");
        break;
    case NOW:
    case LATE:
        if (event->type != B24_REPLY || event->as.reply.status != 200) die("no reply");
        if (body.n != strlen(j->body) || memcmp(body.p, j->body, body.n) != 0)
            die("the reply of another request");
        u->replies++;
        break;
    default:
        if (event->type != B24_FAILED) die("a reply that nobody sent");
        u->failures++;
    }
}

/* The answer of a job that was taken stays, while others are taken, and it is put back or
 * cancelled. */
static void take(struct user *u) {
    b24_job id = 0;
    const struct b24_event *event;
    while ((event = b24_engine_take(u->engine, &id)) != NULL) {
        struct job *j = u->jobs, *end = j + u->count;
        while (j < end && j->id != id) j++;
        if (j == end || j->over || j->cancelled) die("heard of a job that is over");
        u->open--;
        int what = below(u, 8);
        if (what == 0) {
            b24_engine_put_back(u->engine, id);
            u->open++;
            return;
        }
        if (what == 1) take(u);
        check_event(u, j, event);
        j->over = true;
        if (what == 2 && !b24_engine_cancel(u->engine, id))
            die("a job that was taken cannot be cancelled");
        if (b24_engine_drop(u->engine, id) != (what != 2))
            die("the end of a job that was taken is wrong");
        if (b24_engine_drop(u->engine, id) || b24_engine_cancel(u->engine, id))
            die("a job ended twice");
    }
}

static void step(struct user *u) {
    int what = below(u, 20);
    if (what < 12) add(u);
    else if (what < 15) cancel(u);
    else if (what < 18) take(u);
    else b24_engine_wait(u->engine, below(u, 4), &no_interrupt);
    if (b24_engine_running(u->engine) != u->open) die("running is wrong");
}

/* One engine in three is freed with jobs in flight, one before its first job. */
static void live(struct user *u) {
    u->engine = b24_engine_new();
    u->count = u->open = 0;
    if (u->engine == NULL) die("no engine");
    int steps = below(u, 10) == 0 ? 0 : STEPS;
    for (int i = 0; i < steps; i++) step(u);
    if (below(u, 3) > 0)
        while (u->open > 0) {
            if (!b24_engine_wait(u->engine, PATIENCE, &no_interrupt)) die("a job was never over");
            take(u);
        }
    b24_engine_free(u->engine);
}

static void *work(void *arg) {
    struct user *u = arg;
    at_work++;
    for (int i = 0; i < u->engines; i++) live(u);
    return NULL;
}

/* ------------------------------------------------------------ the two programs */

static struct user *start(int count, int engines, unsigned seed, pthread_t *threads) {
    struct user *users = calloc((size_t)count, sizeof *users);
    if (users == NULL) die("no memory");
    for (int i = 0; i < count; i++) {
        users[i].seed = seed * 1000 + (unsigned)i;
        users[i].engines = engines;
        if (pthread_create(&threads[i], NULL, work, &users[i]) != 0) die("no thread");
    }
    return users;
}

/* A forked child has no helper; it may only close. The parent's engine goes on. */
static void fork_once(void) {
    struct user u = {.seed = 1};
    int status = 1;
    u.engine = b24_engine_new();
    if (u.engine == NULL) die("no engine");
    for (int i = 0; i < 50; i++) add(&u);
    pid_t pid = fork();
    if (pid == 0) {
        if (b24_engine_usable(u.engine)) _exit(1);
        b24_engine_free(u.engine);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("a forked child could not abandon its engine");
    while (u.open > 0) {
        if (!b24_engine_wait(u.engine, PATIENCE, &no_interrupt))
            die("a fork stopped the parent's engine");
        take(&u);
    }
    b24_engine_free(u.engine);
}

static int all(int count, int engines, unsigned seed) {
    pthread_t threads[64];
    struct user sum = {0}, *users = start(count, engines, seed, threads);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        sum.sent += users[i].sent;
        sum.slept += users[i].slept;
        sum.cancelled += users[i].cancelled;
        sum.replies += users[i].replies;
        sum.failures += users[i].failures;
    }
    free(users);
    fork_once();
    printf("%d threads, %d engines: %ld requests (%ld replies, %ld failures), %ld sleeps, %ld of "
           "them all cancelled\n",
           count, count * engines, sum.sent, sum.replies, sum.failures, sum.slept, sum.cancelled);
    return 0;
}

static int leave(int count, unsigned seed) {
    pthread_t threads[64];
    struct timespec pause = {0, (long)(seed % 50) * 1000000};
    b24_engine_free(b24_engine_new()); /* OpenSSL, which TSan cannot look into, cleans up in the
                                          thread that started it */
    start(count, 1000000, seed, threads);
    while (at_work < count) nanosleep(&pause, NULL);
    nanosleep(&pause, NULL);
    exit(0);
}

static void remove_file(void) { unlink(path); }

static void make_file(void) {
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content)) die("no file");
    close(fd);
    atexit(remove_file);
}

int main(int argc, char **argv) {
    char webhook[100];
    struct b24_fault fault;
    bool leaves = argc == 4 && strcmp(argv[1], "exit") == 0;
    int count = argc == 4 ? atoi(argv[leaves ? 2 : 1]) : 0, port = engine_server();
    if (count < 1 || count > 64)
        die("usage: engine_threads THREADS ENGINES SEED, or exit THREADS SEED");
    if (port == 0) die("no server");
    snprintf(webhook, sizeof webhook, "http://127.0.0.1:%d/rest/1/0123456789abcdef/", port);
    with_files = !leaves;
    if (with_files) make_file();
    b24_conf_init(&conf);
    conf.allow_http = true;
    if (!b24_conf_webhook(&conf, view(webhook), &fault)) die(fault.message);
    unsigned seed = (unsigned)atoi(argv[3]);
    int result = leaves ? leave(count, seed) : all(count, atoi(argv[2]), seed);
    b24_conf_free(&conf);
    return result;
}
