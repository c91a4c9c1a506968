#define _POSIX_C_SOURCE 200809L
#include "os/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paste.h"
#include "os/runtime_dir.h"

#define PROFILE_MAX 64

bool b24_env_set(const char *name) {
    const char *v = getenv(name);
    return v != NULL && *v != '\0';
}

bool b24_profile_ok(const char *name) {
    size_t n = strlen(name);
    if (n == 0 || n > PROFILE_MAX || name[0] == '.') return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

bool b24_private_path(const char *name, const char *profile, char out[B24_PATH_MAX],
                      struct b24_fault *fault) {
    if (profile != NULL && !b24_profile_ok(profile))
        return b24_fail(fault, B24_CONFIG, "BAD_PROFILE", "A profile is a short name such as work.",
                        "the profile name may have letters, digits, '-', '_' and '.' only");
    const char *config = getenv("XDG_CONFIG_HOME");
    bool xdg =
        config != NULL && config[0] == '/'; /* the specification says to ignore relative ones */
    int n = snprintf(out, B24_PATH_MAX, "%s%s/b24/%s%s%s", xdg ? config : b24_home(),
                     xdg ? "" : "/.config", name, profile ? "." : "", profile ? profile : "");
    return (n > 0 && n < B24_PATH_MAX) || b24_fail(fault, B24_CONFIG, "BAD_FILE", NULL,
                                                   "the path of the credential file is too long");
}

static bool nothing_found(const char *path, bool env_counts, struct b24_fault *fault) {
    const char *other = b24_env_set("B24_HOOK")          ? "B24_HOOK"
                        : b24_env_set("B24_WEBHOOK_URL") ? "B24_WEBHOOK_URL"
                                                         : NULL;
    char note[100] = "";
    if (other != NULL && env_counts)
        snprintf(note, sizeof note, "; %s is set, but b24 reads B24_WEBHOOK", other);
    return b24_fail(fault, B24_CONFIG, "NO_CREDENTIAL",
                    "Create an incoming webhook in Bitrix24 and export B24_WEBHOOK=URL, or write "
                    "the URL into that "
                    "file with mode 0600.",
                    "no webhook: %sthe file %s does not exist%s",
                    env_counts ? "B24_WEBHOOK is not set and " : "", path, note);
}

/* Is the open file the user's own, and nobody else's to read? */
static bool private_file(int fd, const char *path, struct b24_fault *fault) {
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
        return b24_fail(fault, B24_CONFIG, "BAD_FILE", NULL, "%s is not a regular file", path);
    if (s.st_uid != geteuid())
        return b24_fail(fault, B24_CONFIG, "FOREIGN_FILE", "Only a file of your own is read.",
                        "%s belongs to another user", path);
    if ((s.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return b24_fail(fault, B24_CONFIG, "FILE_NOT_PRIVATE",
                        "Other users can read the webhook in it; run the command in the message.",
                        "%s can be read by others; run: chmod 600 %s", path, path);
    return true;
}

static bool first_line(int fd, const char *path, char out[B24_URL_MAX + 1],
                       struct b24_fault *fault) {
    char text[B24_URL_MAX + 2];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        n += (size_t)got;
    }
    /* Not b24_trim: the quotes that it takes off may belong to a command. */
    struct b24_view line = b24_trim_blanks((struct b24_view){text, n});
    if (n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return b24_fail(fault, B24_CONFIG, "BAD_FILE", "Save it as UTF-8, or run: b24 login",
                        "%s is UTF-16, as Windows tools write it", path);
    bool single = memchr(line.p, '\n', line.n) == NULL && memchr(line.p, '\0', line.n) == NULL;
    if (line.n == 0 || line.n > B24_URL_MAX || !single)
        return b24_fail(fault, B24_CONFIG, "BAD_FILE",
                        "Write the webhook's URL into it, one line, nothing else.",
                        "%s does not hold one line with a webhook URL", path);
    memcpy(out, line.p, line.n);
    out[line.n] = '\0';
    return true;
}

static bool from_file(const char *name, const char *profile, bool env_counts,
                      struct b24_credential *out, struct b24_fault *fault) {
    char *path = out->place;
    if (!b24_private_path(name, profile, path, fault)) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return nothing_found(path, env_counts, fault);
    if (fd < 0)
        return b24_fail(fault, B24_CONFIG, "BAD_FILE", NULL, "%s cannot be read: %s", path,
                        strerror(errno));
    bool ok = private_file(fd, path, fault) && first_line(fd, path, out->url, fault);
    close(fd);
    return ok;
}

bool b24_credential_find(const char *profile, struct b24_credential *out, struct b24_fault *fault) {
    const char *env = profile == NULL ? getenv("B24_WEBHOOK") : NULL;
    bool env_counts = profile == NULL;
    if (env != NULL && *env != '\0') {
        if (strlen(env) > B24_URL_MAX)
            return b24_fail(fault, B24_CONFIG, "BAD_WEBHOOK", NULL,
                            "the webhook URL in B24_WEBHOOK is too long");
        memcpy(out->url, env, strlen(env) + 1);
        snprintf(out->place, sizeof out->place, "B24_WEBHOOK");
        return true;
    }
    if (profile == NULL && b24_env_set("B24_PROFILE")) profile = getenv("B24_PROFILE");
    return from_file("webhook", profile, env_counts, out, fault);
}

bool b24_credential_line(const char *name, const char *profile, struct b24_credential *out,
                         struct b24_fault *fault) {
    if (profile == NULL && b24_env_set("B24_PROFILE")) profile = getenv("B24_PROFILE");
    return from_file(name, profile, false, out, fault);
}
