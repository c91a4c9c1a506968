/* base/entity.h: HTML's entities, which portals write into texts and titles. */
#ifndef B24_BASE_ENTITY_H
#define B24_BASE_ENTITY_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Decodes &amp; &#039; &#x27; and their like once, in place; what is none stays. Control characters
   and what Unicode does not have become a space and '?'. */
void b24_decode_entities(char *text);

B24_PRIVATE_END
#endif
