/* base/list.h: doubly linked lists without allocations. A link is the first member of what it
 * links. */
#ifndef B24_BASE_LIST_H
#define B24_BASE_LIST_H

#include "base/common.h"

struct b24_link {
    struct b24_link *prev, *next; /* in no list: both NULL */
};

/* A list is a link whose neighbours are its last and first member. */
static inline void b24_list_init(struct b24_link *list) { list->prev = list->next = list; }

static inline bool b24_list_empty(const struct b24_link *list) { return list->next == list; }

/* NULL: empty. */
static inline struct b24_link *b24_list_first(const struct b24_link *list) {
    return b24_list_empty(list) ? NULL : list->next;
}

static inline void b24_list_append(struct b24_link *list, struct b24_link *member) {
    member->prev = list->prev;
    member->next = list;
    list->prev->next = member;
    list->prev = member;
}

static inline void b24_list_prepend(struct b24_link *list, struct b24_link *member) {
    b24_list_append(list->next,
                    member); /* after the last one of a ring that begins there: in front of all */
}

/* Nothing happens to what is in no list. */
static inline void b24_list_remove(struct b24_link *member) {
    if (member->next == NULL) return;
    member->prev->next = member->next;
    member->next->prev = member->prev;
    member->prev = member->next = NULL;
}

/* Takes the first member out; NULL: empty. */
static inline struct b24_link *b24_list_take(struct b24_link *list) {
    struct b24_link *first = b24_list_first(list);
    if (first != NULL) b24_list_remove(first);
    return first;
}

/* Appends all members of `from`, which is empty afterwards. */
static inline void b24_list_move(struct b24_link *to, struct b24_link *from) {
    if (b24_list_empty(from)) return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    b24_list_init(from);
}

#endif
