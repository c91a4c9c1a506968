#define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#include "os/keep_loaded.h"

#include <dlfcn.h>

void b24_pin(const void *address) {
#if defined(RTLD_NODELETE) && defined(RTLD_NOLOAD)
    Dl_info self;
    if (dladdr(address, &self) != 0 && self.dli_fname != NULL)
        (void)dlopen(self.dli_fname,
                     RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE); /* already loaded: costs nothing */
#else
    (void)address;
#endif
}
