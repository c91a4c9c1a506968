/* rest/method.h: REST methods that b24 knows by name. */
#ifndef B24_REST_METHOD_H
#define B24_REST_METHOD_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* NULL, or a phrase that says what is wrong with this method name. */
const char *b24_method_problem(struct b24_view method);

/* Does this call only read? It may be repeated when it is not known whether it ran. `params`: JSON,
   NUL-terminated, or empty; it is looked at only where the name does not decide. The case of names
   does not matter. */
bool b24_method_reads(struct b24_view method, struct b24_view params);

/* Do the params have a say in it? */
bool b24_method_asks_params(struct b24_view method);

/* The known method that is most like this one, for a typing error; NULL: none is close. */
const char *b24_method_nearest(const char *method);

/* The name of `names` that is closest to `name`, at most `edits` edits away (Levenshtein); NULL:
 * none. Long names: NULL. */
const char *b24_nearest(const char *name, const char *const *names, size_t count, size_t edits);

B24_PRIVATE_END
#endif
