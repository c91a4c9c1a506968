/* base/id_set.h: which ids were there already. Keeps a 64-bit hash of each, not its text: among a
   million ids the chance that any two are taken for one is below one in ten million. */
#ifndef B24_BASE_ID_SET_H
#define B24_BASE_ID_SET_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_SEEN_MAX                                                                                                   \
    (1u << 20) /* ids; nobody has a million chats, and a portal that says so must not eat the memory                   \
                */

enum b24_seen_answer { B24_SEEN_NEW, B24_SEEN_BEFORE, B24_SEEN_FULL, B24_SEEN_NO_MEMORY };

/* All zero: empty. */
struct b24_seen {
    uint64_t *slots; /* 0: free */
    size_t size;     /* a power of two, or 0 */
    size_t n;
};

/* Asks and remembers. */
enum b24_seen_answer b24_seen_add(struct b24_seen *s, struct b24_view id);

void b24_seen_free(struct b24_seen *s);

B24_PRIVATE_END
#endif
