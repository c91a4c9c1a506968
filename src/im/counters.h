/* im/counters.h: the answer of im.counters.get, from any server generation, as one shape. */
#ifndef B24_IM_COUNTERS_H
#define B24_IM_COUNTERS_H

#include <cjson/cJSON.h>

#include "base/common.h"

B24_PRIVATE_BEGIN

enum b24_counters_answer { B24_COUNTERS_OK, B24_COUNTERS_NONE, B24_COUNTERS_NO_MEMORY };

/* Brings the tree into the shape, in place; once more changes nothing. Names are in upper case,
   counts are numbers, a map is an object whatever PHP made of it, a list of marks an array without
   nulls; the sections of every answer are there. NONE: it is no such answer, and unchanged. After
   NO_MEMORY it may be asked again, unless its names were in camel case: then some still are. */
enum b24_counters_answer b24_counters_shape(cJSON *result);

/* Of a section in that shape: how many levels of maps it has, 0 to 2. What is deeper is
   none of ours. */
int b24_counters_levels(const cJSON *section);

B24_PRIVATE_END
#endif
