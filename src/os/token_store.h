/* os/token_store.h: b24's own store of an application's tokens: one private JSON file for one user
   of one portal, as ~/.config/b24/app, and the lock of those who renew them.

   The lock is an flock on PATH+new, which becomes PATH when the new pair is in it. So it ends with
   the process, however that ends, and what a killed one has left behind is one of three: nothing
   (PATH+new is blank: the old pair is good, or was being exchanged), or the new pair (PATH+new is
   whole: whoever locks next puts it in place), or everything. It is tried, never waited for; held
   while the token server is asked, and nobody but another renewal looks at it. */
#ifndef B24_OS_TOKEN_STORE_H
#define B24_OS_TOKEN_STORE_H

#include "rest/call.h"

B24_PRIVATE_BEGIN

struct b24_store_lock {
    int fd;     /* -1: not held */
    long owner; /* the process that has it: a forked child only inherits the descriptor */
};

enum b24_store_result {
    B24_STORE_OK,
    B24_STORE_NONE, /* there is no such file; LOCK: somebody else has it */
    B24_STORE_BAD   /* `fault` */
};

/* Reads the file, which must be the user's own and 0600. */
enum b24_store_result b24_store_read(const char *path, struct b24_app *out,
                                     struct b24_fault *fault);

/* Takes the lock, finishes what a killed process has begun, and makes sure that a pair can be
   written: nobody should ask for one that he cannot keep. `bare`: only a lock, whatever it is for;
   nothing is ever put in its place. */
enum b24_store_result b24_store_lock(struct b24_store_lock *lock, const char *path, bool bare,
                                     struct b24_fault *fault);

/* Replaces the file, all at once and on the disk, and ends the lock. */
bool b24_store_save(struct b24_store_lock *lock, const char *path, const struct b24_app *app,
                    struct b24_fault *fault);

/* Ends the lock. May be called again. */
void b24_store_unlock(struct b24_store_lock *lock, const char *path);

/* Where the built-in store of this name is: ~/.config/b24/app or app.NAME, or an absolute path as
   it is; a symbolic link there is followed. `name` may be NULL. */
bool b24_store_path(const char *name, char out[B24_STORE_MAX], struct b24_fault *fault);

/* Where the lock is for tokens that the user's own store keeps: in the runtime folder. */
bool b24_store_lock_path(const struct b24_app *app, const char *origin, const char *runtime_dir,
                         char out[B24_STORE_MAX]);

B24_PRIVATE_END
#endif
