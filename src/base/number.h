/* base/number.h: numbers as text, whatever the locale. */
#ifndef B24_BASE_NUMBER_H
#define B24_BASE_NUMBER_H

#include "base/common.h"

B24_PRIVATE_BEGIN

#define B24_NUMBER_MAX                                                                             \
    40 /* bytes of a number as text, a decimal separator of several bytes included */

/* The shortest decimal form that reads back as the same, with a point; its length. Not for infinity
 * and NaN. */
size_t b24_double_text(double value, char out[B24_NUMBER_MAX]);

/* Its decimal digits; their length. */
size_t b24_integer_text(int64_t value, char out[B24_NUMBER_MAX]);

B24_PRIVATE_END
#endif
