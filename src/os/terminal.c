#define _POSIX_C_SOURCE 200809L
#include "os/terminal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SLICE 100 /* ms between two looks at signals */

/* A terminal that is silent for a while. */
struct silence {
    struct termios shown;
    const char *prompt;
    sigset_t watched, before;
};

static bool hide(const struct silence *s) {
    struct termios hidden = s->shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0) return false;
    (void)!write(STDERR_FILENO, s->prompt,
                 strlen(s->prompt)); /* only now: what is typed after it is surely hidden */
    return true;
}

/* A shell may have given the terminal its voice back while this program was stopped (SIGSTOP cannot
 * be held back). */
static bool still_hidden(const struct silence *s) {
    struct termios now;
    return tcgetattr(STDIN_FILENO, &now) == 0 && ((now.c_lflag & ECHO) == 0 || hide(s));
}

/* Signals that stop or end the process are held back, so that they find a terminal that shows what
 * is typed. */
static bool let_signals_through(const struct silence *s) {
    sigset_t pending;
    bool any = false;
    sigpending(&pending);
    for (int signal = 1; signal < 32; signal++)
        any = any || (sigismember(&s->watched, signal) == 1 && sigismember(&pending, signal) == 1);
    if (!any) return still_hidden(s);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->shown);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL); /* here it stops or ends, or a handler runs */
    pthread_sigmask(SIG_BLOCK, &s->watched, NULL);
    return hide(s);
}

/* One line, or -1. */
static long read_line(const struct silence *s, char *out, size_t size, bool (*interrupted)(void *),
                      void *arg) {
    size_t n = 0;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        char c;
        if (!let_signals_through(s) || interrupted(arg)) return -1;
        if (poll(&input, 1, SLICE) <= 0) continue;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return n > 0 ? (long)n : -1;
        if (c == '\n') return (long)n;
        if (n < size) out[n++] = c;
    }
}

long b24_terminal_secret(const char *prompt, char *out, size_t size, bool (*interrupted)(void *),
                         void *arg) {
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
    struct silence s = {.prompt = prompt};
    if (tcgetattr(STDIN_FILENO, &s.shown) != 0) return -1;
    sigemptyset(&s.watched);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&s.watched, signals[i]);
    pthread_sigmask(SIG_BLOCK, &s.watched, &s.before);
    long n = hide(&s) ? read_line(&s, out, size, interrupted, arg) : -1;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &s.shown);
    pthread_sigmask(SIG_SETMASK, &s.before, NULL);
    return n;
}
