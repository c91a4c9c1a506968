/* lua/batch_plan.h: between batch_plan.c and batch.c only. Stack effects as in binding.h.
 */
#ifndef B24_LUA_BATCH_PLAN_H
#define B24_LUA_BATCH_PLAN_H

#include "lua/binding.h"
#include "rest/batch.h"

B24_PRIVATE_BEGIN

/* One command while it is planned, in the order of names. Its name, method and params are in Lua
   tables under its id, which counts from 1. Commands that are tied by references are a group; they
   must go in one request. */
struct b24_command {
    int group;   /* an earlier command of its group, or itself: the first; see b24L_batch_first */
    int next;    /* the next of its group; 0: none */
    int members; /* of a group's first: how many there are */
    int links, link_count; /* what it refers to: its part of the plan's links */
    int mark;              /* while sorting: 0 new, 1 being placed, 2 placed */
    bool alone; /* its text would be taken for a reference: goes by itself, where nothing is
                   replaced */
    bool reads;
};

struct b24_plan {
    lua_State *L;
    int commands, names, ids; /* stack indices: the argument, id -> name, name -> id */
    struct b24_command *list; /* by id - 1; Lua owns it */
    int *links;               /* ids that are referred to, command by command; Lua owns it */
    int count, link_count, link_room;
    int links_index;         /* stack index of the links' userdata */
    struct b24_buffer *json; /* for params that must be looked into; somebody else owns it */
};

/* [0, 0] Fills names and ids: integers in ascending order, then strings by their bytes. Throws for
 * other keys. */
void b24L_batch_collect_names(struct b24_plan *p);

/* [0, 0] Checks all commands and notes what they refer to. Throws. */
void b24L_batch_scan_all(struct b24_plan *p);

/* Makes groups of what is tied by references. */
void b24L_batch_join_groups(struct b24_plan *p);

/* The first command of this one's group. */
int b24L_batch_first(struct b24_plan *p, int id);

/* Writes the group whose first is `id` into `order`, each after what it refers to; returns their
 * number. Throws. */
int b24L_batch_place_group(struct b24_plan *p, int id, int order[B24_BATCH_MAX]);

/* [0, +1] */
void b24L_batch_push_name(const struct b24_plan *p, int id);
/* [0, +1] The method of a command; throws if it is none. */
const char *b24L_batch_push_method(const struct b24_plan *p, int id);
/* [0, +1] Its params: a table or nil. */
void b24L_batch_push_params(const struct b24_plan *p, int id);

/* Throws about command `id`. */
void b24L_batch_complain(const struct b24_plan *p, int id, const char *what);

B24_PRIVATE_END
#endif
