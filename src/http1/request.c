#include "http1/request.h"

#include <stdio.h>

static bool put(struct b24_buffer *out, struct b24_view v) { return b24_buffer_add(out, v.p, v.n); }

bool b24_http_head(const struct b24_url *url, size_t n, struct b24_buffer *out) {
    char length[96] = "\r\nAccept-Encoding: identity\r\n";
    if (n > 0)
        snprintf(length, sizeof length, "\r\nAccept-Encoding: identity\r\nContent-Length: %zu\r\n",
                 n);
    bool ok = b24_buffer_puts(out, n > 0 ? "POST " : "GET ") &&
              (url->path.n > 0 ? put(out, url->path) : b24_buffer_puts(out, "/")) &&
              put(out, url->query) && b24_buffer_puts(out, " HTTP/1.1\r\nHost: ") &&
              put(out, url->host);
    if (ok && url->port.n > 0) ok = b24_buffer_puts(out, ":") && put(out, url->port);
    return ok && b24_buffer_puts(out, length);
}

bool b24_http_field(struct b24_view name, struct b24_view value, struct b24_buffer *out) {
    return put(out, name) && b24_buffer_puts(out, ": ") && put(out, value) &&
           b24_buffer_puts(out, "\r\n");
}
