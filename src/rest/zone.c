#include "rest/zone.h"

#include <string.h>

#include "base/url.h"

/* Where cloud portals have their names, NAME.ZONE. Whoever gives out names in a zone gives out all
   of them, so a portal that is renamed within its zone stays with the vendor. The first two lines:
   the vendor's own source (modules/landing/lib/help.php, $domains) and help article 10252860; the
   last one: zones opened since then, seen to answer for portals in September 2026. */
static const char *const zones[] = {
    "bitrix24.com",    "bitrix24.ru", "bitrix24.de", "bitrix24.eu", "bitrix24.es",
    "bitrix24.fr",     "bitrix24.it", "bitrix24.pl", "bitrix24.in", "bitrix24.com.br",
    "bitrix24.com.tr", "bitrix24.by", "bitrix24.kz", "bitrix24.ua", "bitrix24.cn",
    "bitrix24.id",     "bitrix24.jp", "bitrix24.vn", "bitrix24.ae", "bitrix24.co",
    "bitrix24.md",     "bitrix24.mx", "bitrix24.uk", "bitrix24.uz"};

#define LABEL_MAX 63 /* RFC 1035 */

/* One label: letters, digits and hyphens, the latter not at its ends. "xn--" names, which may look
   like others, are not given to portals. */
static bool label_ok(struct b24_view l) {
    if (l.n == 0 || l.n > LABEL_MAX || l.p[0] == '-' || l.p[l.n - 1] == '-') return false;
    if (l.n >= 4 && l.p[2] == '-' && l.p[3] == '-') return false;
    for (size_t i = 0; i < l.n; i++) {
        char c = l.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return true;
}

/* The zone in which `host` is a portal's name, or NULL. */
static const char *zone_of(struct b24_view host) {
    const char *dot = host.n > 0 ? memchr(host.p, '.', host.n) : NULL;
    if (dot == NULL || !label_ok((struct b24_view){host.p, (size_t)(dot - host.p)})) return NULL;
    struct b24_view behind = {dot + 1, host.n - (size_t)(dot + 1 - host.p)};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (b24_same_text(behind, zones[i])) return zones[i];
    return NULL;
}

bool b24_same_zone(struct b24_view host, struct b24_view other) {
    const char *zone = zone_of(host);
    return zone != NULL && zone == zone_of(other);
}
