/* http1/request.h: a request as HTTP/1.1 text, for hosts whose sockets are not libcurl's. */
#ifndef B24_HTTP1_REQUEST_H
#define B24_HTTP1_REQUEST_H

#include "base/buffer.h"
#include "base/url.h"

B24_PRIVATE_BEGIN

/* "POST /path HTTP/1.1" (without a body: GET), Host, the length of a body of n bytes, and that the
 * reply must not be compressed, as nobody here unpacks it; other fields and an empty line may
 * follow. */
bool b24_http_head(const struct b24_url *url, size_t n, struct b24_buffer *out);

/* One more field. */
bool b24_http_field(struct b24_view name, struct b24_view value, struct b24_buffer *out);

B24_PRIVATE_END
#endif
