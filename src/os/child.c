#define _GNU_SOURCE /* pipe2 */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paste.h"
#include "os/standard.h"

#define SLICE     20   /* ms between two looks at a command and at who started it */
#define GOODBYE   300  /* ms between SIGTERM and SIGKILL */
#define MOMENT    1000 /* ms for a command to end once its first line is there */
#define OPEN_MOST 4096 /* descriptors that are closed in the watcher: a program has fewer */

/* How the watcher says what became of the command: one of these, then the exit status. */
#define SAYS_ENDED 'e'
#define SAYS_LATE  'l'

/* ------------------------------------------------------------ pipes */

static void shut(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static bool own_pipe(int fds[2]) {
#ifdef __linux__
    bool ok = pipe2(fds, O_CLOEXEC) == 0;
#else
    bool ok = pipe(fds) == 0;
#endif
    if (!ok) {
        fds[0] = fds[1] = -1;
        return false;
    }
    for (int i = 0; i < 2; i++) fds[i] = b24_above_standard(fds[i]);
    if (fds[0] >= 0 && fds[1] >= 0 && fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 &&
        fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0)
        return true;
    shut(&fds[0]), shut(&fds[1]);
    return false;
}

/* ------------------------------------------------------------ the terminal */

/* The terminal that this process group may read, or -1. A command in a group of its own could not:
   it would be stopped. So it gets the terminal while it runs. */
static int own_terminal(void) {
    int tty = b24_above_standard(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (tty >= 0 && tcgetpgrp(tty) != getpgrp()) shut(&tty);
    return tty;
}

/* Without being stopped for it, as a group in the background would be. */
static void give_terminal(int tty, pid_t group) {
    sigset_t output, before;
    if (tty < 0) return;
    sigemptyset(&output);
    sigaddset(&output, SIGTTOU);
    sigprocmask(SIG_BLOCK, &output, &before);
    (void)tcsetpgrp(tty, group);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ------------------------------------------------------------ in the new processes: nothing here
 * may need a lock that another thread held during the fork */

struct plan {
    const char *command;
    b24_ms deadline;
    int status, output, tty; /* -1: none */
    bool asks;               /* may read what the program reads, if that is a terminal */
};

static void run(const struct plan *plan) {
    setpgid(0, 0);
    give_terminal(plan->tty, getpid());
    if (!plan->asks || !isatty(STDIN_FILENO)) {
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing > STDIN_FILENO) {
            dup2(nothing, STDIN_FILENO);
            close(nothing);
        }
    }
    if (plan->output >= 0) dup2(plan->output, STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", plan->command, (char *)NULL);
    _exit(127);
}

/* Only the pipe to the program stays: neither its output nor its connections are held open. */
static void close_others(int keep) {
    long most = sysconf(_SC_OPEN_MAX);
    if (most < 0 || most > OPEN_MOST) most = OPEN_MOST;
    for (int fd = 0; fd < most; fd++)
        if (fd != keep) close(fd);
}

static void nap(int ms) { (void)poll(NULL, 0, ms); }

static void end_group(pid_t group) {
    b24_ms until = b24_clock() + GOODBYE;
    int status;
    bool reaped = false;
    kill(-group, SIGTERM);
    kill(-group, SIGCONT);
    while (!reaped && b24_clock() < until) {
        reaped = waitpid(group, &status, WNOHANG) != 0;
        if (!reaped) nap(SLICE);
    }
    kill(-group, SIGKILL); /* also what the shell has left */
}

static void say(int fd, char what, int code) {
    char bytes[2] = {what, (char)code};
    (void)!write(fd, bytes, sizeof bytes);
    _exit(0);
}

static int exit_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Until the command has ended, its time is up, or the program is gone or not interested. */
static void watch(const struct plan *plan, pid_t command) {
    struct pollfd reader = {.fd = plan->status, .events = 0};
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(command, &status, WNOHANG);
        if (ended == command) say(plan->status, SAYS_ENDED, exit_code(status));
        bool gone = poll(&reader, 1, SLICE) > 0;
        if (!gone && b24_clock() < plan->deadline) continue;
        end_group(command);
        say(plan->status, SAYS_LATE, 0);
    }
}

static void be_watcher(const struct plan *plan) {
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTTOU};
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the exit status away */
    pid_t command = fork();
    if (command == 0) run(plan);
    if (command < 0) say(plan->status, SAYS_ENDED, 126);
    /* Neither Ctrl-C nor who ends the program's group shall end the one that cleans up. */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    setpgid(0, 0);
    setpgid(command, command); /* here, too: whoever is first */
    close_others(plan->status);
    watch(plan, command);
}

/* ------------------------------------------------------------ in the program */

static bool start(struct b24_child *child, struct plan *plan, bool reads) {
    int status[2], output[2] = {-1, -1};
    *child = (struct b24_child){0, -1, -1};
    if (!own_pipe(status)) return false;
    if (reads && !own_pipe(output)) {
        shut(&status[0]), shut(&status[1]);
        return false;
    }
    plan->status = status[1];
    plan->output = output[1];
    pid_t watcher = fork();
    if (watcher == 0) {
        shut(&status[0]), shut(&output[0]);
        be_watcher(plan);
    }
    int why = errno;
    shut(&status[1]), shut(&output[1]);
    *child = (struct b24_child){watcher > 0 ? watcher : 0, status[0], output[0]};
    if (watcher < 0) b24_child_close(child);
    errno = why;
    return watcher > 0;
}

bool b24_child_start(struct b24_child *child, const char *command, b24_ms limit) {
    struct plan plan = {.command = command, .deadline = b24_clock() + limit, .tty = -1};
    return start(child, &plan, false);
}

enum b24_child_state b24_child_look(struct b24_child *child, int *code) {
    unsigned char said[2];
    ssize_t n = child->status >= 0 ? read(child->status, said, sizeof said) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return B24_CHILD_RUNS;
    if (n != (ssize_t)sizeof said) return B24_CHILD_UNKNOWN;
    *code = said[1];
    return said[0] == SAYS_ENDED ? B24_CHILD_ENDED : B24_CHILD_LATE;
}

void b24_child_close(struct b24_child *child) {
    shut(&child->status);
    shut(&child->output);
    /* It ends within GOODBYE. */
    while (child->watcher > 0 && waitpid((pid_t)child->watcher, NULL, 0) < 0 && errno == EINTR) {
    }
    child->watcher = 0;
}

/* What has come; false: nothing more will. What does not fit is dropped. */
static bool take_output(int fd, struct b24_answer *answer, size_t *n) {
    for (;;) {
        char rest[512];
        bool room = *n < sizeof answer->text;
        ssize_t got = read(fd, room ? answer->text + *n : rest,
                           room ? sizeof answer->text - *n : sizeof rest);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 && errno == EAGAIN;
        if (room) *n += (size_t)got;
    }
}

/* Is there a whole line that is not blank? */
static bool has_line(const struct b24_answer *answer, size_t n) {
    struct b24_view text = b24_trim_blanks((struct b24_view){answer->text, n});
    const char *end = answer->text + n;
    return text.n > 0 && (n == sizeof answer->text || memchr(text.p, '\n', (size_t)(end - text.p)));
}

static enum b24_child_state listen(struct b24_child *child, b24_ms deadline,
                                   struct b24_answer *answer, bool (*interrupted)(void *),
                                   void *arg) {
    size_t n = 0;
    bool line = false;
    enum b24_child_state state;
    for (;;) {
        state = b24_child_look(child, &answer->code); /* before the output: it is whole then */
        if (child->output >= 0 && !take_output(child->output, answer, &n)) shut(&child->output);
        if (!line && has_line(answer, n)) {
            b24_ms moment = b24_clock() + MOMENT;
            line = true;
            deadline = moment < deadline ? moment : deadline;
        }
        b24_ms left = deadline - b24_clock();
        if (state != B24_CHILD_RUNS) break;
        if (interrupted(arg)) state = B24_CHILD_STOPPED;
        else if (left <= 0) state = line ? B24_CHILD_RUNS : B24_CHILD_LATE;
        if (state != B24_CHILD_RUNS || left <= 0) break;
        struct pollfd p[2] = {{.fd = child->status, .events = POLLIN},
                              {.fd = child->output, .events = POLLIN}};
        (void)poll(p, 2, left < SLICE ? (int)left : SLICE);
    }
    answer->line = b24_first_line((struct b24_view){answer->text, n});
    return state;
}

enum b24_child_state b24_child_ask(const char *command, b24_ms limit, struct b24_answer *answer,
                                   bool (*interrupted)(void *), void *arg) {
    struct b24_child child;
    struct termios mode;
    b24_ms deadline = b24_clock() + limit;
    /* The watcher's time is a little longer: who listens knows best what has come. */
    struct plan plan = {
        .command = command, .deadline = deadline + MOMENT, .tty = own_terminal(), .asks = true};
    answer->line = (struct b24_view){"", 0};
    answer->code = 0;
    bool known = plan.tty >= 0 && tcgetattr(plan.tty, &mode) == 0;
    bool started = start(&child, &plan, true);
    int why = errno;
    enum b24_child_state state = B24_CHILD_UNSTARTED;
    if (started) state = listen(&child, deadline, answer, interrupted, arg);
    if (started) b24_child_close(&child);
    give_terminal(plan.tty, getpgrp());
    /* It may have been ended while it hid what is typed. */
    if (known && state != B24_CHILD_ENDED) (void)tcsetattr(plan.tty, TCSADRAIN, &mode);
    bool pressed = plan.tty >= 0 && state == B24_CHILD_ENDED && answer->code == 128 + SIGINT;
    shut(&plan.tty);
    errno = why;
    return pressed ? B24_CHILD_STOPPED : state;
}
