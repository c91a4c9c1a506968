/* A renamed portal answers 302 with the same path at its new name. libcurl would turn the POST into
   a GET, so the request is sent there again by us. But the path is the credential: it goes nowhere
   but to another name of the same zone of Bitrix24's cloud. Everything else in a Location is an
   error that says where the portal wants us to go. */
#include <stdio.h>
#include <string.h>

#include "base/url.h"
#include "rest/call_impl.h"
#include "rest/zone.h"

/* ------------------------------------------------------------ where a redirect leads */

static bool ends_with(struct b24_view v, const char *end) {
    size_t n = strlen(end);
    return v.n >= n && memcmp(v.p + v.n - n, end, n) == 0;
}

/* The path without what does not matter: a slash or ".json" at its end. */
static struct b24_view bare(struct b24_view path) {
    if (ends_with(path, "/")) path.n--;
    if (ends_with(path, ".json")) path.n -= 5;
    return path;
}

static bool same_path(const struct b24_url *a, const struct b24_url *b) {
    struct b24_view p = bare(a->path), q = bare(b->path);
    return p.n == q.n && memcmp(p.p, q.p, p.n) == 0;
}

static bool same_host(struct b24_view a, struct b24_view b) {
    char host[B24_ORIGIN_MAX];
    if (b.n >= sizeof host) return false;
    memcpy(host, b.p, b.n);
    host[b.n] = '\0';
    return b24_same_text(a, host);
}

/* Another name of the portal, as far as its name can tell. */
static bool may_be_it(const struct b24_url *here, const struct b24_url *there) {
    return there->absolute && here->https && there->https &&
           b24_url_port(here) == b24_url_port(there) && b24_same_zone(here->host, there->host) &&
           !same_host(here->host, there->host);
}

/* The one kind of redirect that is followed. */
static bool may_follow(const struct b24_url *here, const struct b24_url *there) {
    return may_be_it(here, there) && same_path(here, there);
}

/* ------------------------------------------------------------ what is said about the others */

/* What stands in the portal's place. False: nothing that is known. */
static bool name_page(struct b24_call *c, struct b24_view location_path) {
    char path[200];
    struct b24_fault f;
    b24_copy_text(path, sizeof path, location_path);
    path[strcspn(path, "?#")] = '\0';
    if (strstr(path, "coupon") != NULL || strstr(path, "license") != NULL ||
        strstr(path, "licence") != NULL)
        b24_fail(&f, B24_DENIED, "LICENCE_PAGE",
                 "An administrator has to renew the portal's licence.",
                 "the portal shows its licence page in place of an answer");
    else if (strstr(path, "auth") != NULL || strstr(path, "login") != NULL)
        b24_fail(&f, B24_AUTH, "LOGIN_PAGE",
                 "Check that the URL is a webhook's, complete with user id and secret; a proxy may "
                 "also want a login.",
                 "the portal shows a login page in place of an answer");
    else return false;
    b24_outcome_fault(&c->outcome, &f);
    return true;
}

/* The host that the portal names, for the user to decide. Nothing else of the Location: the rest is
 * the secret. */
static void name_host(struct b24_call *c, const struct b24_url *url) {
    struct b24_outcome *o = &c->outcome;
    bool port = url->port.n > 0;
    snprintf(o->hint_text, sizeof o->hint_text,
             "Nothing was sent there. If the portal's new address is %s%.*s%s%.*s, write that into "
             "the conf.",
             url->https ? "" : "http://", (int)url->host.n, url->host.p, port ? ":" : "",
             (int)url->port.n, port ? url->port.p : "");
    b24_conf_mask(c->conf, o->hint_text);
    o->hint = o->hint_text;
}

/* "//host/path" means a host, too; "host/path" is a page of the same one. */
static bool read_location(struct b24_view location, struct b24_url *url) {
    if (location.n == 0 || location.n >= B24_URL_MAX) return false;
    bool network_path = location.n > 2 && memcmp(location.p, "//", 2) == 0;
    if (network_path) location.p += 2, location.n -= 2;
    return b24_url_parse(location, url) == NULL && (url->absolute || network_path);
}

static void explain(struct b24_call *c, struct b24_view location, const struct b24_url *here) {
    struct b24_url there;
    if (!read_location(location, &there)) {
        name_page(c, location);
        return;
    }
    if (!same_path(here, &there) && name_page(c, there.path)) return;
    if (!same_host(here->host, there.host) || !there.https) name_host(c, &there);
}

/* ------------------------------------------------------------ going there, and back */

static bool redirect_status(int status) {
    return status == 301 || status == 302 || status == 307 || status == 308;
}

/* Turns the request to another origin. False: no memory. */
static bool turn(struct b24_call *c, const char *origin) {
    if (!b24_request_move(&c->text, c->conf, origin, b24_view_of(c->method))) return false;
    b24_copy_text(c->origin, sizeof c->origin, b24_view_of(origin));
    c->request.url = c->text.url;
    b24_copy_text(b24_call_add_note(c, "moved")->text, B24_TEXT_MAX, b24_view_of(origin));
    return true;
}

bool b24_call_moved(struct b24_call *c, const struct b24_reply *r) {
    struct b24_url here, there;
    char origin[B24_ORIGIN_MAX];
    if (c->outcome.kind != B24_HTTP || r->status < 300 || r->status >= 400) return false;
    if (b24_url_parse(b24_view_of(c->request.url), &here) != NULL) return false;
    bool follow = c->moves > 0 && redirect_status(r->status) &&
                  read_location(r->location, &there) && may_follow(&here, &there) &&
                  b24_url_origin(&there, origin);
    if (!follow) {
        explain(c, r->location, &here);
        return false;
    }
    if (!turn(c, origin)) {
        struct b24_fault f;
        b24_fail(&f, B24_NETWORK, "OUT_OF_MEMORY", NULL,
                 "out of memory on the way to the portal's new address");
        b24_outcome_fault(&c->outcome, &f);
        return false;
    }
    c->moves--;
    c->moved = true;
    c->remembered = false;
    return true;
}

bool b24_call_may_move(const char *origin, const char *endpoint) {
    struct b24_url here, there;
    return b24_url_parse(b24_view_of(origin), &here) == NULL &&
           b24_url_parse(b24_view_of(endpoint), &there) == NULL && may_be_it(&here, &there);
}

bool b24_call_follow(struct b24_call *c, const char *endpoint) {
    struct b24_url there;
    char origin[B24_ORIGIN_MAX];
    if (!b24_call_may_move(c->origin, endpoint)) return false;
    if (b24_url_parse(b24_view_of(endpoint), &there) != NULL || !b24_url_origin(&there, origin))
        return false;
    c->remembered = false;
    return turn(c, origin);
}

bool b24_call_away(const struct b24_call *c) { return strcmp(c->origin, c->conf->origin) != 0; }

bool b24_call_go_home(struct b24_call *c) {
    c->go_home = c->remembered = false;
    if (!b24_call_away(c) || !turn(c, c->conf->origin)) return false;
    c->moves = B24_MOVES_MAX;
    return true;
}

/* ------------------------------------------------------------ what is remembered */

/* Was that no REST interface, or one that does not know the credential? Then the name may be
 * somebody else's by now. */
static bool wrong_address(const struct b24_outcome *o) {
    switch (o->kind) {
    case B24_OK:
    case B24_CLOSED:
    case B24_CONFIG:
    case B24_TOO_LARGE: return false;
    case B24_LIMIT:
    case B24_DENIED:
    case B24_PORTAL: return o->root == NULL || strcmp(o->code, "PORTAL_DELETED") == 0;
    default: return true;
    }
}

void b24_call_judge_address(struct b24_call *c) {
    if (c->outcome.kind == B24_OK && c->moved_origin != NULL)
        b24_copy_text(c->moved_origin, B24_ORIGIN_MAX,
                      b24_view_of(b24_call_away(c) ? c->origin : ""));
    if (!b24_call_away(c) || !wrong_address(&c->outcome)) return;
    if (c->moved_origin != NULL && strcmp(c->moved_origin, c->origin) == 0)
        c->moved_origin[0] = '\0';
    c->go_home = true;
}
