#include "curl/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/url.h"
#include "curl/inherit.h"
#include "rest/hints.h"

struct row {
    CURLcode result;
    enum b24_kind kind;
    const char *code, *hint;
};

#define HINT_CA                                                                                    \
    "Install the system's certificates (package ca-certificates), or name the portal's own CA in " \
    "ca_file."
#define HINT_CHAIN                                                                                 \
    "Either this machine does not know the authority (install the package ca-certificates, or "    \
    "name the portal's own CA in ca_file), or the portal does not send its intermediate "          \
    "certificate: then its administrator has to install the whole chain."
#define HINT_OWN_CHAIN                                                                             \
    "Either another authority than that in ca_file or ca_path has signed this certificate, or "    \
    "the portal does not send its intermediate certificate: then its administrator has to "        \
    "install the whole chain."
#define HINT_PROXY "Check the proxy option and the variables https_proxy and all_proxy."
#define HINT_PROXY_LOGIN                                                                           \
    "Give user and password in the proxy's URL, http://USER:PASSWORD@HOST:PORT; if they are "      \
    "there, check them."
#define HINT_PROXY_RULES                                                                           \
    "Ask the proxy's administrator to allow the portal's address, or take another way (proxy, "    \
    "https_proxy, no_proxy)."
#define HINT_PROXY_GATE                                                                            \
    "Check the portal's name in the webhook URL; if it is right, the proxy has no way to the "     \
    "portal: ask its administrator."
#define HINT_PROXY_CERTIFICATE                                                                     \
    "This machine does not trust the certificate of the proxy itself: add its authority to the "   \
    "system's certificates (ca_file is for the portal's), or check the proxy's URL."
#define HINT_ENCODING                                                                              \
    "The portal or a proxy labels its reply wrongly (header Content-Encoding): its administrator " \
    "has to correct that."
#define HINT_FILES "Close files that are not needed, or raise the limit (ulimit -n, LimitNOFILE)."

static const struct row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, B24_NETWORK, "HOST_NOT_FOUND", B24_HINT_NAME},
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
    {CURLE_BAD_CONTENT_ENCODING, B24_NETWORK, "REPLY_GARBLED", B24_HINT_GARBLED},
    {CURLE_URL_MALFORMAT, B24_CONFIG, "BAD_PROXY", HINT_PROXY}, /* ours was checked */
    {CURLE_OPERATION_TIMEDOUT, B24_TIMEOUT, "TIMEOUT", B24_HINT_TIME},
    {CURLE_PEER_FAILED_VERIFICATION, B24_TLS, "CERTIFICATE_UNTRUSTED", HINT_CA},
    {CURLE_SSL_CONNECT_ERROR, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_CIPHER, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_CERTPROBLEM, B24_TLS, "TLS_FAILED", B24_HINT_TLS},
    {CURLE_SSL_ISSUER_ERROR, B24_TLS, "CERTIFICATE_UNTRUSTED", HINT_CA},
    {CURLE_SSL_CACERT_BADFILE, B24_CONFIG, "BAD_CA_FILE",
     "Check that ca_file (or B24_CA_FILE, SSL_CERT_FILE) names a readable PEM file, and ca_path "
     "(or SSL_CERT_DIR) a hashed directory."},
    {CURLE_NOT_BUILT_IN, B24_CONFIG, "BAD_OPTION",
     "This libcurl does not support an option of the conf, such as ca_path."},
    {CURLE_UNKNOWN_OPTION, B24_CONFIG, "BAD_OPTION",
     "This libcurl cannot honour an option of the conf."},
    {CURLE_BAD_FUNCTION_ARGUMENT, B24_CONFIG, "BAD_OPTION",
     "This libcurl does not take a value of an option of the conf."},
    {CURLE_OUT_OF_MEMORY, B24_NETWORK, "OUT_OF_MEMORY", NULL},
    {CURLE_FAILED_INIT, B24_NETWORK, "CURL_FAILED", NULL},
};

/* libcurl keeps OpenSSL's X509_V_ERR_* number; these are worth a name of their own. All are under
 * 256. */
#define X509_NO_ISSUER    2
#define X509_NOT_YET      9
#define X509_EXPIRED      10
#define X509_NOT_KNOWN    20 /* unable to get local issuer certificate */
#define X509_UNVERIFIED   21 /* unable to verify the first certificate */
#define X509_HOST_DIFFERS 62
#define X509_NOT_ASKED                                                                             \
    1 /* libcurl's start value: it compares the name before it asks for the chain's result */

/* Of GnuTLS it keeps the bits of gnutls_certificate_status_t. */
#define GNUTLS_UNTRUSTED                                                                           \
    (0x40 | 0x80 | 0x100 | 0x800) /* signer not found, no CA, weak algorithm, bad signature */
#define GNUTLS_NO_SIGNER 0x40
#define GNUTLS_NOT_YET   0x200
#define GNUTLS_EXPIRED   0x400

static bool out_of_date(long why) {
    if (why == X509_EXPIRED || why == X509_NOT_YET) return true;
    return why > 0 && (why & (GNUTLS_NOT_YET | GNUTLS_EXPIRED)) && !(why & GNUTLS_UNTRUSTED);
}

/* Nobody here knows who signed it. Behind a whole chain that is the root, which is its own signer:
 * that has another number. */
static bool without_issuer(long why) {
    return why == X509_NO_ISSUER || why == X509_NOT_KNOWN || why == X509_UNVERIFIED ||
           (why & GNUTLS_NO_SIGNER);
}

static void certificate(CURL *easy, const struct b24_progress *p, struct b24_failure *f) {
    long why = 0;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &why);
    if (out_of_date(why)) {
        f->code = "CERTIFICATE_EXPIRED";
        f->hint = B24_HINT_DATE;
    } else if (why == 0 || why == X509_NOT_ASKED || why == X509_HOST_DIFFERS) {
        f->code = "CERTIFICATE_NAME";
        f->hint = "The certificate is for another name: use the portal's name exactly as its "
                  "certificate has it.";
    } else if (without_issuer(why)) {
        f->hint = p->own_ca ? HINT_OWN_CHAIN : HINT_CHAIN;
    }
}

static void connect_failed(CURL *easy, struct b24_failure *f) {
    long why = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &why);
    if (why == ECONNREFUSED) f->code = "CONNECTION_REFUSED";
}

static void say(struct b24_failure *f, const char *text) { f->text = b24_view_of(text); }

static void call_it(struct b24_failure *f, enum b24_kind kind, const char *code, const char *hint) {
    f->kind = kind;
    f->code = code;
    f->hint = hint;
}

/* ------------------------------------------------------------ this machine's own trouble */

/* What libcurl says where it got no descriptor. */
static bool may_lack_files(CURLcode result) {
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return true;
    default: return false;
    }
}

static bool lack_of_files(CURLcode result, const struct b24_progress *p, struct b24_failure *f) {
    if (p->began || !may_lack_files(result)) return false;
    int why = p->no_socket == EMFILE || p->no_socket == ENFILE ? p->no_socket : b24_out_of_files();
    if (why == 0) return false;
    call_it(f, B24_CONFIG, "TOO_MANY_OPEN_FILES", HINT_FILES);
    say(f, why == EMFILE ? "this program has too many open files: no connection can be opened"
                         : "this machine has too many open files: no connection can be opened");
    return true;
}

/* ------------------------------------------------------------ the proxy */

static long connect_status(CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status;
}

static bool tunnelled(CURL *easy) { return connect_status(easy) / 100 == 2; }

/* Do the words say "Failed to connect to portal.example port 443 after 3 ms", before 7.80 "port
 * 443: Connection refused", or from 8.21 on "to portal.example:443 after"? Before 8.7 nothing else
 * tells whether no_proxy led around the proxy. */
static bool names_portal(CURL *easy, const char *words) {
    static const char *const between[] = {" port ", ":"};
    char where[B24_ORIGIN_MAX + 16];
    const char *text = NULL;
    struct b24_url url;
    if (strstr(words, " via ") != NULL || strstr(words, " over proxy ") != NULL) return false;
    if (curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text) != CURLE_OK || text == NULL)
        return true;
    if (b24_url_parse(b24_view_of(text), &url) != NULL) return true;
    bool brackets = url.host.n > 2 && url.host.p[0] == '[';
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        snprintf(where, sizeof where, "to %.*s%s%d", (int)url.host.n - 2 * brackets,
                 url.host.p + brackets, between[i], b24_url_port(&url));
        const char *found = strstr(words, where), *behind = found ? found + strlen(where) : NULL;
        if (behind != NULL && (*behind == ' ' || *behind == ':')) return true;
    }
    return false;
}

/* Was it the proxy that failed, before it led anywhere? */
static bool by_proxy(CURL *easy, CURLcode result, enum b24_kind kind, const struct b24_progress *p,
                     const char *words) {
    if (p->began || !p->maybe_proxy || tunnelled(easy)) return false;
    if (kind != B24_NETWORK && kind != B24_TIMEOUT)
        return false; /* TLS is the portal's, by SOCKS */
    if (connect_status(easy) != 0 || result == CURLE_COULDNT_RESOLVE_PROXY) return true;
#if LIBCURL_VERSION_NUM >= 0x074900
    if (result == CURLE_PROXY) return true;
#endif
#if LIBCURL_VERSION_NUM >= 0x080700
    long used = 0;
    if (curl_easy_getinfo(easy, CURLINFO_USED_PROXY, &used) == CURLE_OK && used) return true;
#endif
    if (result == CURLE_COULDNT_CONNECT) return !names_portal(easy, words);
    return strstr(words, "proxy") != NULL || strstr(words, "CONNECT tunnel") != NULL ||
           strstr(words, "Proxy") != NULL;
}

static void refused_by_proxy(long status, char words[CURL_ERROR_SIZE], struct b24_failure *f) {
    if (status == 407) {
        call_it(f, B24_NETWORK, "PROXY_AUTH", HINT_PROXY_LOGIN);
        say(f, "the proxy asks for a user and a password (HTTP 407 to CONNECT)");
        return;
    }
    call_it(f, B24_NETWORK, "PROXY_REFUSED", status < 500 ? HINT_PROXY_RULES : HINT_PROXY_GATE);
    snprintf(words, CURL_ERROR_SIZE,
             "the proxy does not connect to the portal (HTTP %ld to CONNECT)", status);
    say(f, words);
}

#if LIBCURL_VERSION_NUM >= 0x074900
static void refused_by_socks(CURL *easy, struct b24_failure *f) {
    long why = CURLPX_OK;
    curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &why);
    switch (why) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
    case CURLPX_IDENTD:
    case CURLPX_IDENTD_DIFFER: call_it(f, B24_NETWORK, "PROXY_AUTH", HINT_PROXY_LOGIN); break;
    case CURLPX_REPLY_NOT_ALLOWED:
    case CURLPX_REQUEST_FAILED: call_it(f, B24_NETWORK, "PROXY_REFUSED", HINT_PROXY_RULES); break;
    case CURLPX_REPLY_CONNECTION_REFUSED:
    case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
    case CURLPX_REPLY_HOST_UNREACHABLE:
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
    case CURLPX_REPLY_TTL_EXPIRED: call_it(f, B24_NETWORK, "PROXY_REFUSED", HINT_PROXY_GATE); break;
    case CURLPX_RESOLVE_HOST: /* we resolve, not the proxy */
        call_it(f, B24_NETWORK, "HOST_NOT_FOUND", B24_HINT_NAME);
        break;
    default: break;
    }
}
#endif

/* libcurl's words name an address at most. */
static void blame_proxy(char words[CURL_ERROR_SIZE], struct b24_failure *f) {
    char text[CURL_ERROR_SIZE];
    snprintf(text, sizeof text, "the proxy: %.230s", words);
    memcpy(words, text, sizeof text);
    say(f, words);
}

static void proxy_failed(CURL *easy, CURLcode result, char words[CURL_ERROR_SIZE],
                         struct b24_failure *f) {
    long status = connect_status(easy);
    if (status != 0) refused_by_proxy(status, words, f);
    else if (strncmp(words, "Unsupported proxy", 17) == 0)
        call_it(f, B24_CONFIG, "BAD_PROXY", HINT_PROXY);
#if LIBCURL_VERSION_NUM >= 0x074900
    else if (result == CURLE_PROXY) refused_by_socks(easy, f);
#endif
    else if (result == CURLE_COULDNT_CONNECT)
        call_it(f, B24_NETWORK, "PROXY_UNREACHABLE", HINT_PROXY);
    else if (result == CURLE_OPERATION_TIMEDOUT)
        f->hint = "The proxy, or the portal behind it, did not answer in time. " HINT_PROXY;
    else if (f->kind == B24_NETWORK && result != CURLE_COULDNT_RESOLVE_PROXY &&
             result != CURLE_COULDNT_RESOLVE_HOST)
        call_it(f, B24_NETWORK, "PROXY_FAILED", HINT_PROXY);
    if (status == 0 && strstr(words, "roxy") == NULL && !b24_same(f->code, "HOST_NOT_FOUND"))
        blame_proxy(words, f);
}

/* ------------------------------------------------------------ */

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

/* An https:// proxy that nobody trusts: the portal was not asked for its certificate. */
static bool proxy_untrusted(CURL *easy, const struct b24_progress *p) {
    long why = 0;
    if (p->began || !p->maybe_proxy || connect_status(easy) != 0) return false;
    return curl_easy_getinfo(easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &why) == CURLE_OK && why != 0;
}

static void look_up(CURLcode result, struct b24_failure *f) {
    call_it(f, B24_NETWORK, "TRANSFER_FAILED", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].result == result) {
            call_it(f, rows[i].kind, rows[i].code, rows[i].hint);
            return;
        }
}

/* An encoding that does not exist, or too many of them: it will not be better the next time. What
 * does not unpack may have been damaged on the way. */
static bool unknown_encoding(const char *words) {
    return strstr(words, "nrecognized content encoding") != NULL ||
           strstr(words, "content encodings") != NULL;
}

void b24_curl_error(CURL *easy, CURLcode result, const struct b24_progress *p,
                    char words[CURL_ERROR_SIZE], struct b24_failure *f) {
    result = settle(easy, result, p);
    look_up(result, f);
    say(f, words[0] ? words : curl_easy_strerror(result));
    if (lack_of_files(result, p, f)) return;
    if (by_proxy(easy, result, f->kind, p, words)) proxy_failed(easy, result, words, f);
    else if (result == CURLE_PEER_FAILED_VERIFICATION && proxy_untrusted(easy, p)) {
        call_it(f, B24_TLS, "PROXY_CERTIFICATE", HINT_PROXY_CERTIFICATE);
        blame_proxy(words, f);
    } else if (result == CURLE_PEER_FAILED_VERIFICATION) certificate(easy, p, f);
    else if (result == CURLE_COULDNT_CONNECT) connect_failed(easy, f);
    else if (result == CURLE_UNSUPPORTED_PROTOCOL && !p->began)
        call_it(f, B24_CONFIG, "BAD_OPTION", "This libcurl was built without https.");
    else if (result == CURLE_BAD_CONTENT_ENCODING && unknown_encoding(words))
        call_it(f, B24_DECODE, "UNKNOWN_ENCODING", HINT_ENCODING);
}
