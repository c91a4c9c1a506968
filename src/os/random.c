#include "os/random.h"

#include <stdio.h>

bool b24_random_bytes(unsigned char *out, size_t n) {
    FILE *source = fopen("/dev/urandom", "rb");
    if (source == NULL) return false;
    setvbuf(source, NULL, _IONBF, 0); /* no bytes that nobody asked for stay in memory */
    bool got = fread(out, 1, n, source) == n;
    fclose(source);
    return got;
}
