/* base/id_set.h: which ids were there already. Keeps a 64-bit hash of each, not its text: among a
   million ids the chance that any two are taken for one is below one in ten million. */
#ifndef B24_BASE_ID_SET_H
#define B24_BASE_ID_SET_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_ID_SET_MAX                                                                             \
    (1u                                                                                            \
     << 20) /* ids; nobody has a million chats, and a portal that says so must not eat the memory  \
             */

enum b24_id_set_answer { B24_ID_SET_NEW, B24_ID_SET_BEFORE, B24_ID_SET_FULL, B24_ID_SET_NO_MEMORY };

/* All zero: empty. */
struct b24_id_set {
    uint64_t *slots; /* 0: free */
    size_t size;     /* a power of two, or 0 */
    size_t n;
};

/* Asks and remembers. */
enum b24_id_set_answer b24_id_set_add(struct b24_id_set *s, struct b24_view id);

void b24_id_set_free(struct b24_id_set *s);

B24_PRIVATE_END
#endif
