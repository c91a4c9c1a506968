#define _POSIX_C_SOURCE 200809L
#include "os/runtime_dir.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *b24_home(void) {
    const char *h = getenv("HOME");
    if (h != NULL && h[0] == '/') return h;
    const struct passwd *me = getpwuid(geteuid());
    return me != NULL ? me->pw_dir : "/";
}

/* out = base + tail, without slashes at the end; false if it does not fit or base is not absolute.
 */
static bool join(char out[B24_DIR_MAX], const char *base, const char *tail) {
    int n = base != NULL && base[0] == '/' ? snprintf(out, B24_DIR_MAX, "%s%s", base, tail) : -1;
    if (n <= 0 || n >= B24_DIR_MAX - 300) return false; /* room for a file's name */
    while (n > 1 && out[n - 1] == '/')
        out[--n] = '\0'; /* "link/" would be what the link leads to */
    return true;
}

/* The home that belongs to this user. Not $HOME: under sudo that is often somebody else's, and a
   folder of root's in it would shut its owner out. */
static const char *own_home(void) {
    const struct passwd *me = getpwuid(geteuid());
    return me != NULL ? me->pw_dir : NULL;
}

static bool in_group(gid_t group) {
    gid_t list[256];
    int n = getgroups(256, list);
    if (getegid() == group) return true;
    for (int i = 0; i < n; i++)
        if (list[i] == group) return true;
    return false;
}

static bool own_directory(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == geteuid();
}

/* The first place that applies. */
static bool choose(const char *named, char out[B24_DIR_MAX], bool *explicit) {
    char run[64];
    const char *env = getenv("B24_RUNTIME_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
    if (named == NULL && env != NULL && *env != '\0') named = env;
    *explicit = named != NULL;
    if (named != NULL) return join(out, named, "");
    if (xdg != NULL && own_directory(xdg)) return join(out, xdg, "/b24");
    snprintf(run, sizeof run, "/run/user/%lu", (unsigned long)geteuid());
    if (own_directory(run)) return join(out, run, "/b24");
    if (!join(out, own_home(), "/.cache")) return false;
    (void)mkdir(out, 0700); /* usually there; b24's own folder in it is what counts */
    return join(out, own_home(), "/.cache/b24");
}

bool b24_runtime_dir(const char *named, struct b24_runtime_dir *out, struct b24_fault *fault) {
    struct stat s;
    bool explicit = false;
    bool chosen = choose(named, out->path, &explicit);
    if (!chosen && !explicit)
        return b24_fail(fault, B24_CONFIG, "NO_RUNTIME_DIR", NULL,
                        "user %lu has neither a home nor a runtime folder; name one in "
                        "B24_RUNTIME_DIR",
                        (unsigned long)geteuid());
    if (!chosen)
        return b24_fail(fault, B24_CONFIG, "BAD_RUNTIME_DIR", NULL,
                        "the runtime folder must be an absolute path");
    bool there = lstat(out->path, &s) == 0; /* nearly always, so it is asked first */
    if (!there && mkdir(out->path, 0700) != 0 && errno != EEXIST)
        return b24_fail(fault, B24_CONFIG, explicit ? "BAD_RUNTIME_DIR" : "NO_RUNTIME_DIR", NULL,
                        "%s cannot be made: %s", out->path, strerror(errno));
    if ((!there && lstat(out->path, &s) != 0) || !S_ISDIR(s.st_mode))
        return b24_fail(fault, B24_CONFIG, "BAD_RUNTIME_DIR", NULL,
                        "%s is no folder (links are refused)", out->path);
    out->shared = explicit && (s.st_mode & S_IWGRP) != 0 && in_group(s.st_gid);
    out->group = s.st_gid;
    if (!explicit && (s.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return b24_fail(fault, B24_CONFIG, "BAD_RUNTIME_DIR", NULL,
                        "%s is open to others; run: chmod 700 %s", out->path, out->path);
    if ((s.st_mode & S_IWOTH) != 0)
        return b24_fail(fault, B24_CONFIG, "BAD_RUNTIME_DIR", NULL, "everybody can write to %s",
                        out->path);
    if (s.st_uid != geteuid() && !out->shared)
        return b24_fail(fault, B24_CONFIG, "BAD_RUNTIME_DIR", NULL, "%s belongs to another user",
                        out->path);
    return true;
}
