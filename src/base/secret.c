#include "base/secret.h"

bool b24_secret_same(struct b24_view secret, struct b24_view given) {
    volatile unsigned char differ = secret.n == given.n ? 0 : 1; /* volatile: no early end */
    if (secret.n == 0) return false;
    for (size_t i = 0; i < given.n; i++)
        differ |= (unsigned char)(given.p[i] ^ secret.p[i % secret.n]);
    return differ == 0;
}
