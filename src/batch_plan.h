/* batch_plan.h: between lua_batch_plan.c and lua_batch.c only. Stack effects as in binding.h. */
#ifndef B24_BATCH_PLAN_H
#define B24_BATCH_PLAN_H

#include "batch.h"
#include "binding.h"

B24_PRIVATE_BEGIN

/* One command while it is planned. Its name, method and params are in Lua tables under `id`. */
struct b24_command {
    int id;        /* position in the list of names, from 1 */
    int group;     /* commands that refer to each other share one; must go in one request */
    int mark;      /* while sorting: 0 new, 1 being placed, 2 placed */
    bool referred; /* somebody refers to it */
    bool alone;    /* its text would be taken for a reference: goes by itself, where nothing is replaced */
    bool reads;
};

struct b24_reference {
    int from, to; /* ids: `from` refers to `to` */
};

struct b24_plan {
    lua_State *L;
    int level;
    int commands, names, ids;    /* stack indices: the argument, id -> name, name -> id */
    struct b24_command *list;    /* by id - 1; Lua owns it */
    struct b24_reference *links; /* Lua owns it */
    int count, link_count, link_room;
    int links_index; /* stack index of the links' userdata */
};

/* Is the value at `index` made by b24.ref? */
bool b24_batch_is_ref(lua_State *L, int index);

/* [0, 0] Fills names and ids: list positions first, then names in alphabetical order. */
void b24_batch_collect_names(struct b24_plan *p);

/* [0, 0] Checks all commands and notes what they refer to. Throws. */
void b24_batch_scan_all(struct b24_plan *p);

/* Commands that are tied by references get one group number, the smallest of their ids. */
void b24_batch_join_groups(struct b24_plan *p);

/* Writes the members of one group into `order`, each behind what it refers to; returns their number. Throws. */
int b24_batch_place_group(struct b24_plan *p, int group, int *order);

/* [0, +1] */
void b24_batch_push_name(const struct b24_plan *p, int id);
/* [0, +1] The method of a command; throws if it is none. */
const char *b24_batch_push_method(const struct b24_plan *p, int id);
/* [0, +1] Its params: a table or nil. */
void b24_batch_push_params(const struct b24_plan *p, int id);

/* Throws about command `id`. */
void b24_batch_complain(const struct b24_plan *p, int id, const char *what);

B24_PRIVATE_END
#endif
