/* base/hash.h: FNV-1a, 64 bits: against accidents, not against attackers. */
#ifndef B24_BASE_HASH_H
#define B24_BASE_HASH_H

#include "base/common.h"

#define B24_HASH_START 14695981039346656037u

/* The hash of some bytes, going on from that of what stands before them. */
static inline uint64_t b24_hash(uint64_t hash, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) hash = (hash ^ (unsigned char)p[i]) * 1099511628211u;
    return hash;
}

#endif
