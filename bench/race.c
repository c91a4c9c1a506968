/* race ROUNDS COMMAND...: starts all commands and gives them, one after the other, ROUNDS times, a
   line on their standard input; each answers with a line that holds one number. Prints a line of
   numbers for each round. Turns of a few milliseconds: a disturbance of the machine then meets all
   of them alike. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNNERS_MAX 32

struct runner {
    const char *command;
    FILE *to, *from;
    pid_t pid;
};

static void start(struct runner *r) {
    int in[2], out[2];
    /* Closed on exec: a runner that held another's input open would keep it from ending. */
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) exit(1);
    r->pid = fork();
    if (r->pid < 0) exit(1);
    if (r->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", r->command, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    r->to = fdopen(in[1], "w");
    r->from = fdopen(out[0], "r");
    if (r->to == NULL || r->from == NULL) exit(1);
}

static double turn(struct runner *r) {
    char line[100];
    if (fputs("go\n", r->to) < 0 || fflush(r->to) != 0 ||
        fgets(line, sizeof line, r->from) == NULL) {
        fprintf(stderr, "race: this one ended early: %s\n", r->command);
        exit(1);
    }
    return strtod(line, NULL);
}

int main(int argc, char **argv) {
    struct runner runners[RUNNERS_MAX];
    int count = argc - 2, rounds = argc > 2 ? atoi(argv[1]) : 0;
    if (rounds < 1 || count > RUNNERS_MAX) return 2;
    for (int i = 0; i < count; i++) {
        runners[i].command = argv[i + 2];
        start(&runners[i]);
        turn(&runners[i]); /* not counted */
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            printf("%.3f%c", turn(&runners[i]), i + 1 < count ? ' ' : '\n');
    for (int i = 0; i < count; i++) {
        fclose(runners[i].to);
        waitpid(runners[i].pid, NULL, 0);
    }
}
