#define _POSIX_C_SOURCE 200809L
#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line, or -1. poll returns at any signal, also where the handler wants read to go on. */
static long read_line(char *out, size_t size, bool (*interrupted)(void *), void *arg) {
    size_t n = 0;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        char c;
        if (interrupted(arg)) return -1;
        if (poll(&input, 1, 1000) <= 0) continue;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return n > 0 ? (long)n : -1;
        if (c == '\n') return (long)n;
        if (n < size) out[n++] = c;
    }
}

long b24_terminal_secret(const char *prompt, char *out, size_t size, bool (*interrupted)(void *), void *arg) {
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown) != 0) return -1;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) != 0) return -1;
    (void)!write(STDERR_FILENO, prompt, strlen(prompt)); /* only now: what is typed after it is surely hidden */
    long n = read_line(out, size, interrupted, arg);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    return n;
}
