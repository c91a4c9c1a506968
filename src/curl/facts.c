#include "curl/facts.h"

#include <curl/curl.h>

#include "curl/trust.h"

struct b24_curl_facts b24_curl_facts(void) {
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    struct b24_trust trust = b24_trust_system();
    return (struct b24_curl_facts){
        .libcurl = v->version,
        .tls = v->ssl_version,
        .http2 = (v->features & CURL_VERSION_HTTP2) != 0,
        .trust = trust.path == NULL || (trust.by != NULL && trust.file != NULL) ? trust.file
                                                                                : trust.path,
        .trust_by = trust.by,
    };
}
