/* json/number.h: numbers of a text that has passed the check. */
#ifndef B24_JSON_NUMBER_H
#define B24_JSON_NUMBER_H

#include "json/check.h"

B24_PRIVATE_BEGIN

/* Reads the number at *p, which moves behind it. False: it must become a string, because a double
   would not keep it (b24_json_as_text). */
bool b24_json_read_number(const char **p, double *value);

B24_PRIVATE_END
#endif
