/* oom.h: memory that runs out on demand. */
#ifndef OOM_H
#define OOM_H

#include <stdbool.h>
#include <stddef.h>

/* Whose allocations fail: Lua's; or those of libcurl, cJSON and our own C. */
enum side { LUA_SIDE, C_SIDE, SIDES };

/* Only the n-th allocation fails; or that one and all behind it, as when memory is really gone. */
enum mode { ONE, ALL, MODES };

/* From now on the n-th allocation (from 0) of that side fails. */
void fuse_light(enum side side, enum mode mode, long n);

/* Ends that. How many allocations have failed. */
long fuse_put_out(void);

/* Who asked for a block of the C side: our own C or cJSON; or libcurl. */
enum owner { OURS, LIBCURL, OWNERS };

/* A point in time: how many blocks were in use then. */
struct blocks {
    long serial, live[OWNERS];
};
struct blocks blocks_now(void);

/* Prints where those that are in use, and were not then, come from. */
void blocks_print(const struct blocks *since);

/* Answers its argument, which may be NULL. */
void *block_add(void *p, enum owner owner);
bool block_remove(const void *p, enum owner *owner); /* false: a library's, or NULL */

/* For lua_newstate. */
void *oom_lua_alloc(void *ud, void *p, size_t old_size, size_t new_size);

/* cJSON takes its memory from here too. libcurl does when it starts: see __wrap_curl_global_init.
 */
void oom_hook_cjson(void);

#endif
