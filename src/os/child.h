/* os/child.h: a user's shell command, which never outlives its time or this process: a process
   beside it watches both, and ends the command's whole group. */
#ifndef B24_OS_CHILD_H
#define B24_OS_CHILD_H

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_child {
    long watcher; /* its process id; 0: there is none */
    int status;   /* descriptor that tells how the command ended, -1: none */
    int output;   /* descriptor of its standard output, -1: it is the program's own */
};

enum b24_child_state {
    B24_CHILD_RUNS,
    B24_CHILD_ENDED,    /* with an exit status, 128 + n after signal n */
    B24_CHILD_LATE,     /* its time was up */
    B24_CHILD_UNKNOWN,  /* somebody ended the watcher */
    B24_CHILD_STOPPED,  /* `interrupted` said so, or Ctrl-C reached the command */
    B24_CHILD_UNSTARTED /* see errno */
};

/* Starts `sh -c command` in a process group of its own; its standard input is empty. False: see
   errno. */
bool b24_child_start(struct b24_child *child, const char *command, b24_ms limit);

/* Does not wait. `code`: the exit status of one that has ended. */
enum b24_child_state b24_child_look(struct b24_child *child, int *code);

/* Forgets it; a command that still runs is ended. Safe twice. */
void b24_child_close(struct b24_child *child);

#define B24_CHILD_LINE 4096 /* bytes of output that are kept */

struct b24_answer {
    char text[B24_CHILD_LINE];
    struct b24_view line; /* the first line in it, trimmed of blanks; empty: there was none */
    int code;             /* exit status, if it has ended */
};

/* Runs a command that may ask on the terminal, if there is one, and takes the first line that it
   prints. Once there is one, the command has a moment to end by itself: B24_CHILD_RUNS says that it
   did not, and was ended. */
enum b24_child_state b24_child_ask(const char *command, b24_ms limit, struct b24_answer *answer,
                                   bool (*interrupted)(void *), void *arg);

B24_PRIVATE_END
#endif
