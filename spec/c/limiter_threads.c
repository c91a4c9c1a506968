/* The limiter's C functions from many threads, and from many processes on one file: limiter_threads
   THREADS CALLS [DIR]. Checks that no place is given twice; prints the cost of a reserve and how
   fair contention is. Built with ThreadSanitizer by `make tsan`, and plainly by `make bench` (P8).
 */
#define _DEFAULT_SOURCE /* usleep */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/limiter_file.h"

static const struct b24_rate rate = {1000, 1}; /* a place each millisecond */

struct job {
    b24_cell *cell;
    int calls;
    b24_ms *places; /* the waits that were given */
    double longest, sum;
};

static double microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void *work(void *arg) {
    struct job *j = arg;
    for (int i = 0; i < j->calls; i++) {
        double begun = microseconds();
        if (!b24_limiter_reserve(j->cell, &rate, 0, 600000, &j->places[i])) j->places[i] = -1;
        double took = microseconds() - begun;
        j->sum += took;
        if (took > j->longest) j->longest = took;
        if (i % 64 == 0) b24_limiter_penalise(j->cell, &rate, 0, 0);
    }
    return NULL;
}

static int by_value(const void *a, const void *b) {
    b24_ms x = *(const b24_ms *)a, y = *(const b24_ms *)b;
    return (x > y) - (x < y);
}

/* Each place 0, 1, 2, … exactly once. */
static int check(b24_ms *places, int n) {
    qsort(places, (size_t)n, sizeof *places, by_value);
    for (int i = 0; i < n; i++)
        if (places[i] != i) {
            fprintf(stderr, "limiter: place %d was given to somebody as %lld\n", i,
                    (long long)places[i]);
            return 1;
        }
    return 0;
}

static int threads(int count, int calls) {
    b24_cell cell = 0;
    pthread_t *ids = calloc((size_t)count, sizeof *ids);
    struct job *jobs = calloc((size_t)count, sizeof *jobs);
    b24_ms *places = calloc((size_t)count * (size_t)calls, sizeof *places);
    double longest = 0, sum = 0;
    if (ids == NULL || jobs == NULL || places == NULL) return 1;
    for (int i = 0; i < count; i++) {
        jobs[i] = (struct job){
            .cell = &cell, .calls = calls, .places = places + (size_t)i * (size_t)calls};
        pthread_create(&ids[i], NULL, work, &jobs[i]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(ids[i], NULL);
        sum += jobs[i].sum;
        if (jobs[i].longest > longest) longest = jobs[i].longest;
    }
    int bad = check(places, count * calls);
    printf("%d threads, %d calls each: mean %.3f us, longest %.0f us\n", count, calls,
           sum / count / calls, longest);
    free(ids);
    free(jobs);
    free(places);
    return bad;
}

/* ------------------------------------------------------------ different confs on one portal */

struct conf_job {
    struct b24_limits limits;
    struct b24_keeper *portal, *own;
    int calls;
    b24_ms *places;
};

static void *work_as_conf(void *arg) {
    struct conf_job *j = arg;
    for (int i = 0; i < j->calls; i++) {
        bool queued = false;
        b24_ms wait;
        struct b24_asking asking = {&j->limits, B24_PROMPT, 0, 0, 600000};
        enum b24_turn turn = b24_limiter_turn(j->portal, j->own, &queued, &asking, &wait);
        j->places[i] = turn == B24_TURN_SEND ? wait : -1;
    }
    return NULL;
}

#define FREE_AT_ONCE 48 /* of a standard portal's 50; then one call each 500 ms */

/* Half of the threads have limits of their own, which never hold them back here. Each place of the
 * portal once. */
static int confs(int count) {
    int calls = 1200 / count, n = count * calls, bad = 0;
    struct b24_keeper portal, own;
    pthread_t *ids = calloc((size_t)count, sizeof *ids);
    struct conf_job *jobs = calloc((size_t)count, sizeof *jobs);
    b24_ms *places = calloc((size_t)n, sizeof *places);
    if (ids == NULL || jobs == NULL || places == NULL) return 1;
    b24_keeper_init(&portal);
    b24_keeper_init(&own);
    for (int i = 0; i < count; i++) {
        jobs[i] =
            (struct conf_job){.portal = &portal, .calls = calls, .places = places + i * calls};
        if (i % 2 == 0) jobs[i].own = &own;
        if (i % 2 == 0) jobs[i].limits.own = (struct b24_rate){1, 1000000};
        pthread_create(&ids[i], NULL, work_as_conf, &jobs[i]);
    }
    for (int i = 0; i < count; i++) pthread_join(ids[i], NULL);
    qsort(places, (size_t)n, sizeof *places, by_value);
    for (int i = 0; i < n; i++) {
        b24_ms right = i < FREE_AT_ONCE ? 0 : (i - FREE_AT_ONCE + 1) * 500;
        if (places[i] != right && bad++ == 0)
            fprintf(stderr, "limiter: place %d of the portal was given as %lld\n", i,
                    (long long)places[i]);
    }
    free(ids);
    free(jobs);
    free(places);
    return bad != 0;
}

/* ------------------------------------------------------------ processes on one file */

static double cpu_microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* As calls do it: the file is looked at before each use. */
static bool reserve_shared(struct b24_limiter_file *file) {
    b24_ms wait;
    struct b24_limiter_page *page = file->keeper.take(&file->keeper, 0);
    while (page == NULL) { /* a lock is busy: in the life of a call it would sleep */
        usleep(50);
        page = file->keeper.take(&file->keeper, 0);
    }
    bool granted = b24_limiter_reserve(&page->first, &rate, 0, 600000, &wait);
    file->keeper.give(&file->keeper);
    if (granted && file->trouble.kind == B24_OK) return true;
    fprintf(stderr, "%s\n", file->trouble.kind != B24_OK ? file->trouble.message : "refused");
    return false;
}

/* The yardstick: what the kernel alone books on a call. */
static bool ask_kernel(struct b24_limiter_file *file) {
    struct stat s;
    return fstat(file->fd, &s) == 0;
}

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct times {
    double mean, most, longest; /* most: what 999 of 1,000 stay below */
};

/* What `calls` of them take. The mean is measured without a look at the clock between them. */
static bool measure(bool (*call)(struct b24_limiter_file *), struct b24_limiter_file *file,
                    int calls, struct times *found) {
    double *each = calls > 0 ? calloc((size_t)calls, sizeof *each) : NULL;
    double begun = cpu_microseconds();
    bool good = each != NULL;
    for (int i = 0; good && i < calls; i++) good = call(file);
    found->mean = (cpu_microseconds() - begun) / calls;
    for (int i = 0; good && i < calls; i++) {
        begun = cpu_microseconds();
        good = call(file);
        each[i] = cpu_microseconds() - begun;
    }
    if (good) {
        qsort(each, (size_t)calls, sizeof *each, by_time);
        found->most = each[calls - 1 - calls / 1000];
        found->longest = each[calls - 1];
    }
    free(each);
    return good;
}

/* One process's share, in CPU time: who is not running does not wait for another's reserve, but for
   the scheduler, of which this is no measurement. Prints the mean of a reserve, what 999 of 1,000
   stay below, and the longest; then the mean and the longest of an fstat. The first reserve, which
   makes the file, does not count. */
static int share(const char *dir, int calls) {
    struct b24_limiter_file file;
    b24_limiter_file_init(&file);
    file.where = (struct b24_limiter_where){.dir = dir, .origin = "https://bench.example"};
    if (!reserve_shared(&file)) return 1;
    struct times reserve, kernel;
    if (!measure(reserve_shared, &file, calls, &reserve) ||
        !measure(ask_kernel, &file, calls, &kernel))
        return 1;
    printf("%.3f %.2f %.1f %.3f %.1f\n", reserve.mean, reserve.most, reserve.longest, kernel.mean,
           kernel.longest);
    b24_limiter_file_close(&file);
    return 0;
}

static int processes(const char *dir, int count, int calls) {
    int bad = 0, status;
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            int result = share(dir, calls);
            fflush(stdout);
            _exit(result);
        }
    while (wait(&status) > 0) bad |= status;
    return bad != 0;
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 8, calls = argc > 2 ? atoi(argv[2]) : 10000;
    setvbuf(stdout, NULL, _IONBF, 0);
    return argc > 3 ? processes(argv[3], count, calls) : threads(count, calls) | confs(count);
}
