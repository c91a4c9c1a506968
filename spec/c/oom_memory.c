/* The allocators of oom.h. The linker's --wrap sends the malloc, calloc, realloc, free and
   curl_global_init of our own objects here; libraries keep theirs. An engine's thread allocates,
   too: all counts are atomic. */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sanitizer/common_interface_defs.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "oom.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
CURLcode __wrap_curl_global_init(long flags);

static struct {
    atomic_bool lit; /* set last: the rest does not change while it is */
    enum side side;
    enum mode mode;
    atomic_long left, blown;
} fuse;

void fuse_light(enum side side, enum mode mode, long n) {
    fuse.side = side;
    fuse.mode = mode;
    fuse.left = n;
    fuse.blown = 0;
    fuse.lit = true;
}

long fuse_put_out(void) {
    fuse.lit = false;
    return fuse.blown;
}

/* With OOM_TRACE set it says where. */
static bool fails(enum side side) {
    if (!fuse.lit || fuse.side != side) return false;
    long left = atomic_fetch_sub(&fuse.left, 1);
    bool now = left == 0 || (left < 0 && fuse.mode == ALL);
    if (now) fuse.blown++;
    if (now && getenv("OOM_TRACE") != NULL) __sanitizer_print_stack_trace();
    return now;
}

void *oom_lua_alloc(void *ud, void *p, size_t old_size, size_t new_size) {
    (void)ud;
    if (new_size == 0) {
        __real_free(p);
        return NULL;
    }
    /* Lua relies on shrinking never to fail. */
    if ((p == NULL || new_size > old_size) && fails(LUA_SIDE)) return NULL;
    return __real_realloc(p, new_size);
}

static void *allocate(size_t n, enum owner owner) {
    return fails(C_SIDE) ? NULL : block_add(__real_malloc(n), owner);
}

static void *allocate_zeros(size_t k, size_t n, enum owner owner) {
    return fails(C_SIDE) ? NULL : block_add(__real_calloc(k, n), owner);
}

/* Out of the list first: once it is free, another thread may get it. */
static void *reallocate(void *p, size_t n, enum owner owner) {
    if (fails(C_SIDE)) return NULL;
    bool known = block_remove(p, &owner);
    void *q = __real_realloc(p, n);
    if (q == NULL && known && n > 0) block_add(p, owner);
    return block_add(q, owner);
}

void *__wrap_malloc(size_t n) { return allocate(n, OURS); }
void *__wrap_calloc(size_t k, size_t n) { return allocate_zeros(k, n, OURS); }
void *__wrap_realloc(void *p, size_t n) { return reallocate(p, n, OURS); }

void __wrap_free(void *p) {
    enum owner owner;
    block_remove(p, &owner);
    __real_free(p);
}

static void *curl_malloc(size_t n) { return allocate(n, LIBCURL); }
static void *curl_calloc(size_t k, size_t n) { return allocate_zeros(k, n, LIBCURL); }
static void *curl_realloc(void *p, size_t n) { return reallocate(p, n, LIBCURL); }

static char *curl_strdup(const char *s) {
    size_t n = strlen(s) + 1;
    char *copy = curl_malloc(n);
    return copy != NULL ? memcpy(copy, s, n) : NULL;
}

/* Starting counts as an allocation too: OpenSSL's, which no hook sees. */
CURLcode __wrap_curl_global_init(long flags) {
    if (fails(C_SIDE)) return CURLE_OUT_OF_MEMORY;
    return curl_global_init_mem(flags, curl_malloc, __wrap_free, curl_realloc, curl_strdup,
                                curl_calloc);
}

void oom_hook_cjson(void) { cJSON_InitHooks(&(cJSON_Hooks){__wrap_malloc, __wrap_free}); }
