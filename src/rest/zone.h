/* rest/zone.h: the names of portals in Bitrix24's cloud. */
#ifndef B24_REST_ZONE_H
#define B24_REST_ZONE_H

#include "base/common.h"

B24_PRIVATE_BEGIN

/* Are both hosts names of portals in one zone of the cloud, such as a.bitrix24.de and
 * b.bitrix24.de? */
bool b24_same_zone(struct b24_view host, struct b24_view other);

B24_PRIVATE_END
#endif
