#define _POSIX_C_SOURCE 200809L
#include "curl/trust.h"

#include <curl/curl.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory that an administrator has put one certificate into is not the trust store;
 * distributions have 100 to 150.
 */
#define STORE_MIN 16

/* Entries such as 5ed36f99.0, as c_rehash and "openssl rehash" make them. */
static bool hashed_name(const char *name) {
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0' &&
           name[9] <= '9';
}

static bool hashed_store(const char *path) {
    DIR *dir = path != NULL ? opendir(path) : NULL;
    int found = 0;
    if (dir == NULL) return false;
    for (struct dirent *e; found < STORE_MIN && (e = readdir(dir)) != NULL;)
        if (hashed_name(e->d_name)) found++;
    closedir(dir);
    return found >= STORE_MIN;
}

static bool openssl_backend(const curl_version_info_data *v) {
    return v->ssl_version != NULL && strstr(v->ssl_version, "OpenSSL") != NULL;
}

/* Has the file a certificate? The lines of a PEM file are short; of longer ones only the first
 * piece can be the mark.
 */
static bool has_certificate(FILE *in) {
    char line[256];
    while (fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, "CERTIFICATE-----") != NULL)
            return true;
    return ferror(in) != 0; /* a directory, say: TLS libraries have words for that */
}

bool b24_trust_takes_anything(const char *file) {
    if (openssl_backend(curl_version_info(CURLVERSION_NOW)))
        return false; /* has words for that, too */
    FILE *in = fopen(file, "r");
    if (in == NULL) return false;
    bool some = has_certificate(in);
    fclose(in);
    return !some;
}

static struct b24_trust system_trust;

#define PLACE_MAX 4096 /* bytes of a path that a system can open */

/* What the variable holds, kept because the program may change its environment; NULL: nothing. */
static const char *named(const char *variable, char kept[PLACE_MAX]) {
    const char *value = getenv(variable);
    if (value == NULL) return NULL;
    snprintf(kept, PLACE_MAX, "%s", value);
    kept[strcspn(kept, "\r\n")] = '\0'; /* a file of systemd or Docker with CR LF leaves one */
    return kept[0] != '\0' ? kept : NULL;
}

static void look_at_environment(struct b24_trust *trust, bool directories) {
    static char kept_file[PLACE_MAX], kept_path[PLACE_MAX]; /* written in pthread_once */
    const char *own = named("B24_CA_FILE", kept_file);
    const char *file = own != NULL ? own : named("SSL_CERT_FILE", kept_file);
    const char *path = directories && own == NULL ? named("SSL_CERT_DIR", kept_path) : NULL;
    if (file != NULL) trust->file = file;
    if (path != NULL) trust->path = path;
    /* A directory alone replaces the system's, of which a bundle is only another form. */
    if (path != NULL && file == NULL) trust->file = NULL;
    if (own != NULL) trust->path = NULL; /* a portal's own authority, and no other */
    trust->by = own != NULL    ? "B24_CA_FILE"
                : file != NULL ? "SSL_CERT_FILE"
                : path != NULL ? "SSL_CERT_DIR"
                               : NULL;
}

static void look_at_system(void) {
    static const char *const paths[] = {
        "/etc/ssl/certs" /* Debian, Alpine, SUSE */,
        "/etc/pki/ca-trust/extracted/pem/directory-hash" /* Fedora */};
    static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt" /* Debian, Alpine */,
                                        "/etc/pki/tls/certs/ca-bundle.crt" /* Fedora, RHEL */,
                                        "/etc/ssl/ca-bundle.pem" /* SUSE */,
                                        "/etc/ssl/cert.pem" /* macOS, BSD */};
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    const char *built_in = NULL;
#if LIBCURL_VERSION_NUM >= 0x074600
    if (v->age >= CURLVERSION_SEVENTH) built_in = v->cainfo;
#endif
    for (size_t i = 0; openssl_backend(v) && i < sizeof paths / sizeof *paths; i++)
        if (hashed_store(paths[i])) {
            system_trust.path = paths[i];
            return;
        }
    if (built_in != NULL && access(built_in, R_OK) == 0) system_trust.file = built_in;
    for (size_t i = 0; system_trust.file == NULL && i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0) system_trust.file = files[i];
}

static void look(void) {
    look_at_system();
    look_at_environment(&system_trust, openssl_backend(curl_version_info(CURLVERSION_NOW)));
}

struct b24_trust b24_trust_system(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look);
    return system_trust;
}
