/* base/common.h: what every C file of b24 shares. */
#ifndef B24_BASE_COMMON_H
#define B24_BASE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define B24_VERSION "0.2.0"

/* Every private header declares between these two, so that a module exports nothing but its luaopen
   function, whatever flags the build passes (LuaRocks' builtin build passes none). */
#if defined(__GNUC__)
#define B24_PRIVATE_BEGIN _Pragma("GCC visibility push(hidden)")
#define B24_PRIVATE_END   _Pragma("GCC visibility pop")
#define B24_EXPORT        __attribute__((visibility("default")))
#define B24_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#else
#define B24_PRIVATE_BEGIN
#define B24_PRIVATE_END
#define B24_EXPORT
#define B24_PRINTF(f, a)
#endif

/* Text that somebody else owns; each use says for how long it is valid. */
struct b24_view {
    const char *p;
    size_t n;
};

static inline struct b24_view b24_view_of(const char *text) {
    return (struct b24_view){text, strlen(text)};
}

typedef int64_t b24_ms; /* milliseconds of a monotonic clock, or a duration */

#define B24_NO_MS ((b24_ms)-1) /* "not known" where a duration is optional */

/* People and Lua count seconds; to the nearest millisecond. */
static inline b24_ms b24_to_ms(double seconds) {
    return (b24_ms)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
}
static inline double b24_to_seconds(b24_ms ms) { return (double)ms / 1000; }

/* Doubles hold every integer up to here. */
#define B24_EXACT_MAX 9007199254740992.0 /* 2^53 */

#endif
