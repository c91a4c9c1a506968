#include "curl/error.h"

#include <errno.h>

#include "rest/hints.h"

struct row {
    CURLcode result;
    enum b24_kind kind;
    const char *code, *hint;
};

#define HINT_CA                                                                                    \
    "Install the system's certificates (package ca-certificates), or name the portal's own CA in " \
    "ca_file."
#define HINT_PROXY "Check the proxy option and the variables https_proxy and all_proxy."

static const struct row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, B24_NETWORK, "HOST_NOT_FOUND",
     "Check the portal's name in the webhook URL, and the network's DNS."},
    {CURLE_COULDNT_RESOLVE_PROXY, B24_NETWORK, "PROXY_NOT_FOUND", HINT_PROXY},
    {CURLE_COULDNT_CONNECT, B24_NETWORK, "CONNECT_FAILED", B24_HINT_CONNECT},
#if LIBCURL_VERSION_NUM >= 0x074900
    {CURLE_PROXY, B24_NETWORK, "PROXY_FAILED", HINT_PROXY},
#endif
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, B24_TOO_LARGE, "REPLY_TOO_LARGE",
     NULL}, /* a header line; before 8.6 CURLE_OUT_OF_MEMORY */
#endif
    {CURLE_PARTIAL_FILE, B24_NETWORK, "REPLY_CUT", B24_HINT_CUT},
    {CURLE_GOT_NOTHING, B24_NETWORK, "NO_REPLY", B24_HINT_CUT},
    {CURLE_RECV_ERROR, B24_NETWORK, "CONNECTION_LOST", B24_HINT_CUT},
    {CURLE_SEND_ERROR, B24_NETWORK, "CONNECTION_LOST", B24_HINT_CUT},
    {CURLE_SEND_FAIL_REWIND, B24_NETWORK, "CONNECTION_LOST", B24_HINT_CUT},
    {CURLE_HTTP2, B24_NETWORK, "CONNECTION_LOST", B24_HINT_CUT},
    {CURLE_HTTP2_STREAM, B24_NETWORK, "REPLY_CUT", B24_HINT_CUT},
    {CURLE_WEIRD_SERVER_REPLY, B24_NETWORK, "NOT_HTTP", B24_HINT_NOT_HTTP},
    {CURLE_UNSUPPORTED_PROTOCOL, B24_NETWORK, "NOT_HTTP", B24_HINT_NOT_HTTP},
    {CURLE_BAD_CONTENT_ENCODING, B24_NETWORK, "REPLY_GARBLED", B24_HINT_CUT},
    {CURLE_OPERATION_TIMEDOUT, B24_TIMEOUT, "TIMEOUT", B24_HINT_TIME},
    {CURLE_PEER_FAILED_VERIFICATION, B24_TLS, "CERTIFICATE_UNTRUSTED", HINT_CA},
    {CURLE_SSL_CONNECT_ERROR, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_CIPHER, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_CERTPROBLEM, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_ISSUER_ERROR, B24_TLS, "CERTIFICATE_UNTRUSTED", HINT_CA},
    {CURLE_SSL_CACERT_BADFILE, B24_CONFIG, "BAD_CA_FILE",
     "Check that ca_file names a readable PEM file, and ca_path a hashed directory."},
    {CURLE_NOT_BUILT_IN, B24_CONFIG, "BAD_OPTION",
     "This libcurl does not support an option of the conf, such as ca_path."},
    {CURLE_UNKNOWN_OPTION, B24_CONFIG, "BAD_OPTION",
     "This libcurl does not support an option of the conf."},
    {CURLE_OUT_OF_MEMORY, B24_NETWORK, "OUT_OF_MEMORY", NULL},
    {CURLE_FAILED_INIT, B24_NETWORK, "CURL_FAILED", NULL},
};

/* libcurl keeps OpenSSL's X509_V_ERR_* number; these are worth a name of their own. All are under
 * 256. */
#define X509_EXPIRED      10
#define X509_NOT_YET      9
#define X509_HOST_DIFFERS 62
#define X509_NOT_ASKED                                                                             \
    1 /* libcurl's start value: it compares the name before it asks for the chain's result */

/* Of GnuTLS it keeps the bits of gnutls_certificate_status_t. */
#define GNUTLS_UNTRUSTED                                                                           \
    (0x40 | 0x80 | 0x100 | 0x800) /* signer not found, no CA, weak algorithm, bad signature */
#define GNUTLS_NOT_YET 0x200
#define GNUTLS_EXPIRED 0x400

static bool out_of_date(long why) {
    if (why == X509_EXPIRED || why == X509_NOT_YET) return true;
    return why > 0 && (why & (GNUTLS_NOT_YET | GNUTLS_EXPIRED)) && !(why & GNUTLS_UNTRUSTED);
}

static void certificate(CURL *easy, struct b24_failure *f) {
    long why = 0;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &why);
    if (out_of_date(why)) {
        f->code = "CERTIFICATE_EXPIRED";
        f->hint = B24_HINT_DATE;
    } else if (why == 0 || why == X509_NOT_ASKED || why == X509_HOST_DIFFERS) {
        f->code = "CERTIFICATE_NAME";
        f->hint = "The certificate is for another name: use the portal's name exactly as its "
                  "certificate has it.";
    }
}

static void connect_failed(CURL *easy, struct b24_failure *f) {
    long why = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &why);
    if (why == ECONNREFUSED) f->code = "CONNECTION_REFUSED";
}

static bool tunnelled(CURL *easy) {
    long status = 0;
    return curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK &&
           status / 100 == 2;
}

/* Where versions and TLS libraries differ: the code that the others would have given. */
static CURLcode settle(CURL *easy, CURLcode result, const struct b24_progress *p) {
    bool lost = result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR;
    /* With GnuTLS a reset in the handshake has the socket's code. Before that only a proxy can have
     * been talked to. */
    if (lost && !p->began && (tunnelled(easy) || !p->maybe_proxy)) return CURLE_SSL_CONNECT_ERROR;
    /* To libcurl 8 the end of a TLS connection without its goodbye is an error of the connection,
     * not a short body. */
    if (result == CURLE_RECV_ERROR && p->replied) return CURLE_PARTIAL_FILE;
    /* GnuTLS takes any text for a file of certificates that has none. */
    if (result == CURLE_PEER_FAILED_VERIFICATION && p->empty_ca) return CURLE_SSL_CACERT_BADFILE;
    return result;
}

void b24_curl_error(CURL *easy, CURLcode result, const struct b24_progress *progress,
                    struct b24_failure *f) {
    result = settle(easy, result, progress);
    f->kind = B24_NETWORK;
    f->code = "TRANSFER_FAILED";
    f->hint = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].result == result) {
            f->kind = rows[i].kind;
            f->code = rows[i].code;
            f->hint = rows[i].hint;
            break;
        }
    if (result == CURLE_PEER_FAILED_VERIFICATION) certificate(easy, f);
    if (result == CURLE_COULDNT_CONNECT) connect_failed(easy, f);
}
