/* base/mask.h: takes secrets out of texts that people or logs will see. Everything works in place:
 * masked text is never longer. */
#ifndef B24_BASE_MASK_H
#define B24_BASE_MASK_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* A secret shorter than this is masked only where it stands as one: its value alone is a part of
   ordinary words, and stars in their place would tell it. */
#define B24_MASK_SHORT 4

/* Replaces every occurrence of one secret by "***", however it is escaped, and its beginning at the
   end of the text, where somebody may have cut it. Secrets under B24_MASK_SHORT bytes are left to
   b24_mask_text. */
void b24_mask_word(char *text, const char *secret);

/* Replaces what looks like a secret wherever it comes from: the webhook secret in any
   /rest/USER/SECRET path, USER:PASSWORD@ in URLs, and the values of auth=, token=, "client_secret":
   and their like. */
void b24_mask_text(char *text);

/* The same by value for what stands before the last '@' of a proxy's URL: user, password, both, and
   both in base64. libcurl takes what stands before a '/' in it for the host, and names that: each
   piece counts. */
void b24_mask_proxy(char *text, const char *url);

/* b24_mask_proxy for each proxy that libcurl may take from the environment. */
void b24_mask_environment(char *text);

/* b24_mask_proxy for a path, if it is a URL with a user and a password. */
void b24_mask_path(char *text, const char *path);

B24_PRIVATE_END
#endif
