/* curl/engine_exit.h: the engines of a process, stopped before it ends. Some hosts (Neovim) end by
   exit() without running any finaliser; a helper in the middle of a TLS handshake would then use
   OpenSSL while that cleans up. */
#ifndef B24_CURL_ENGINE_EXIT_H
#define B24_CURL_ENGINE_EXIT_H

#include "base/common.h"

B24_PRIVATE_BEGIN

struct b24_engine;

/* From now on the engine stops at exit(). False: no memory. */
bool b24_engine_exit_watch(struct b24_engine *e);

/* Before its user ends it. */
void b24_engine_exit_forget(struct b24_engine *e);

B24_PRIVATE_END
#endif
