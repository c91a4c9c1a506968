/* The first call of a process with libcurl alone: first [URL CA_PATH]; without arguments everything
 * but the call. */
#include <curl/curl.h>

static size_t on_body(char *p, size_t size, size_t n, void *arg) {
    (void)p, (void)arg;
    return size * n;
}

int main(int argc, char **argv) {
    if (argc < 3) return 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, argv[2]);
    CURLcode result = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    return result == CURLE_OK ? 0 : 1;
}
