#include "http1/cosocket_error.h"

#include <string.h>

#include "rest/hints.h"

#define ANY (-1)

struct row {
    int step; /* or ANY */
    enum b24_kind kind;
    const char *words; /* found anywhere in nginx's; "": always */
    const char *code, *hint;
};

#define HINT_TRUST                                                                                 \
    "Put into nginx.conf: lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt; (or "    \
    "the portal's own CA), "                                                                       \
    "and lua_ssl_verify_depth 3; (1 by default)."
/* 20 is also what a chain longer than lua_ssl_verify_depth gives. */
#define HINT_CHAIN                                                                                 \
    "Put into nginx.conf: lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt; (or "    \
    "the portal's own CA), and lua_ssl_verify_depth 3;. If they are there, the portal does not "   \
    "send its intermediate certificate: its administrator has to install the whole chain."
#define HINT_FILES                                                                                 \
    "nginx has no free file descriptor or connection: raise worker_rlimit_nofile and "             \
    "worker_connections."
#define HINT_RESOLVER                                                                              \
    "The DNS server of nginx's resolver directive did not find out; check that server, and that "  \
    "nginx reaches it."
#define HINT_DNS                                                                                   \
    "Check the portal's name in the webhook URL, and the servers of nginx's resolver directive."

#define HINT_NAME                                                                                  \
    "The certificate is for another name: use the portal's name exactly as its certificate has "   \
    "it (no IP address)."

/* The first that fits. OpenSSL's verify errors come as "NUMBER: words". */
static const struct row rows[] = {
    {B24_COSOCKET_CONNECT, B24_CONFIG, "no resolver defined", "NO_RESOLVER",
     "Put into nginx.conf: resolver 127.0.0.53; (or another DNS server; nginx reads neither "
     "resolv.conf nor hosts)."},
    {ANY, B24_CONFIG, "oo many open files", "TOO_MANY_OPEN_FILES", HINT_FILES},
    {B24_COSOCKET_CONNECT, B24_NETWORK, "could not be resolved (3:", "HOST_NOT_FOUND", HINT_DNS},
    {B24_COSOCKET_CONNECT, B24_NETWORK, "could not be resolved (", "HOST_NOT_FOUND", HINT_RESOLVER},
    {B24_COSOCKET_CONNECT, B24_NETWORK, "could not be resolved", "HOST_NOT_FOUND", HINT_DNS},
    {B24_COSOCKET_CONNECT, B24_NETWORK, "connection refused", "CONNECTION_REFUSED",
     B24_HINT_CONNECT},
    {ANY, B24_TIMEOUT, "timeout", "TIMEOUT", B24_HINT_TIME},
    {ANY, B24_TIMEOUT, "timed out", "TIMEOUT", B24_HINT_TIME},
    {ANY, B24_CLOSED, "client aborted", "CANCELLED", NULL},
    {B24_COSOCKET_CONNECT, B24_NETWORK, "", "CONNECT_FAILED", B24_HINT_CONNECT},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "certificate host mismatch", "CERTIFICATE_NAME", HINT_NAME},
    /* A number before these words is that of the handshake before. */
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "handshake failed", "TLS_FAILED", B24_HINT_TLS},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "10: ", "CERTIFICATE_EXPIRED", B24_HINT_DATE},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "9: ", "CERTIFICATE_EXPIRED", B24_HINT_DATE},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "62: ", "CERTIFICATE_NAME", HINT_NAME},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "2: ", "CERTIFICATE_UNTRUSTED", HINT_CHAIN},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "20: ", "CERTIFICATE_UNTRUSTED", HINT_CHAIN},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "21: ", "CERTIFICATE_UNTRUSTED", HINT_CHAIN},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "certificate", "CERTIFICATE_UNTRUSTED", HINT_TRUST},
    {B24_COSOCKET_HANDSHAKE, B24_TLS, "", "TLS_FAILED", B24_HINT_TLS},
    {ANY, B24_NETWORK, "", "CONNECTION_LOST", B24_HINT_CUT},
};

static bool contains(struct b24_view text, const char *words) {
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, words, n) == 0) return true;
    return false;
}

/* "10: " is a number at the beginning; anywhere else it may be part of an address. */
static bool fits(const struct row *row, enum b24_cosocket_step step, struct b24_view words) {
    if (row->step != ANY && row->step != (int)step) return false;
    if (row->words[0] < '0' || row->words[0] > '9') return contains(words, row->words);
    size_t n = strlen(row->words);
    return words.n >= n && memcmp(words.p, row->words, n) == 0;
}

void b24_cosocket_error(enum b24_cosocket_step step, struct b24_view words, struct b24_failure *f) {
    const struct row *row = rows;
    while (!fits(row, step, words)) row++; /* the last fits everything */
    memset(f, 0, sizeof *f);
    f->kind = row->kind;
    f->code = row->code;
    f->hint = row->hint;
    f->sent = step == B24_COSOCKET_SEND || step == B24_COSOCKET_RECEIVE;
    f->text = words;
}
