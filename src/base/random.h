/* base/random.h: numbers for jitter, from a seed, so that specs can repeat them. Nothing secret. */
#ifndef B24_BASE_RANDOM_H
#define B24_BASE_RANDOM_H

#include "base/common.h"

/* The next one: xorshift64*. Any state will do. */
static inline uint64_t b24_random(uint64_t *state) {
    if (*state == 0) *state = 0x9E3779B97F4A7C15u;
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du >> 16;
}

/* From `low` to `high`, both included. */
static inline b24_ms b24_random_between(uint64_t *state, b24_ms low, b24_ms high) {
    return low + (b24_ms)(b24_random(state) % (uint64_t)(high - low + 1));
}

#endif
