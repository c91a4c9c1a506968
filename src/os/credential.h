/* os/credential.h: where a webhook is looked for when nobody named one. */
#ifndef B24_OS_CREDENTIAL_H
#define B24_OS_CREDENTIAL_H

#include "rest/conf.h"

B24_PRIVATE_BEGIN

#define B24_PATH_MAX 1024 /* bytes of the credential file's path */

struct b24_credential {
    char url[B24_URL_MAX + 1];
    char place[B24_PATH_MAX]; /* where it was found: "B24_WEBHOOK" or the file's path */
};

/* $B24_WEBHOOK, then one line of $XDG_CONFIG_HOME/b24/webhook (else ~/.config), the user's own and
   0600. With a profile (here, or else in $B24_PROFILE) the file is webhook.PROFILE; a profile named
   here skips $B24_WEBHOOK, which may be somebody else's. False: `fault` names both places, or the
   command to run. */
bool b24_credential_find(const char *profile, struct b24_credential *out, struct b24_fault *fault);

/* Only the file, under another name beside it: NAME or NAME.PROFILE, as private. False,
 * NO_CREDENTIAL: there is none.
 */
bool b24_credential_line(const char *name, const char *profile, struct b24_credential *out,
                         struct b24_fault *fault);

/* Where that file is, or would be. */
bool b24_private_path(const char *name, const char *profile, char out[B24_PATH_MAX],
                      struct b24_fault *fault);

/* May a profile have this name? */
bool b24_profile_ok(const char *name);

/* Is this environment variable set to something? */
bool b24_env_set(const char *name);

B24_PRIVATE_END
#endif
