/* A renamed portal answers 302 with the same path at its new host. libcurl would turn the POST into a GET, so the
   request is sent there again by us. Everything else in a Location is a page for people: an error, never a loop. */
#include <string.h>

#include "call_impl.h"
#include "url.h"

static bool ends_with(struct b24_view v, const char *end) {
    size_t n = strlen(end);
    return v.n >= n && memcmp(v.p + v.n - n, end, n) == 0;
}

/* The path without what does not matter: a slash or ".json" at its end. */
static struct b24_view bare_path(const char *url_text) {
    struct b24_url url;
    if (b24_url_parse((struct b24_view){url_text, strlen(url_text)}, &url) != NULL) return (struct b24_view){"", 0};
    if (ends_with(url.path, "/")) url.path.n--;
    if (ends_with(url.path, ".json")) url.path.n -= 5;
    return url.path;
}

/* The origin of a URL; false if we may not go there. */
static bool new_origin(const struct b24_call *c, const struct b24_url *url, char out[B24_ORIGIN_MAX]) {
    return (url->https || (c->conf->allow_http && b24_url_loopback(url))) && b24_url_origin(url, out);
}

static bool redirect_status(int status) { return status == 301 || status == 302 || status == 307 || status == 308; }

/* What stands in the portal's place, for the error; the outcome says REDIRECT so far. */
static void name_page(struct b24_call *c, struct b24_view location_path) {
    char path[200];
    struct b24_fault f;
    b24_copy_text(path, sizeof path, location_path);
    path[strcspn(path, "?#")] = '\0';
    if (strstr(path, "coupon") != NULL || strstr(path, "license") != NULL || strstr(path, "licence") != NULL)
        b24_fail(&f, B24_DENIED, "LICENCE_PAGE", "An administrator has to renew the portal's licence.",
                 "the portal shows its licence page in place of an answer");
    else if (strstr(path, "auth") != NULL || strstr(path, "login") != NULL)
        b24_fail(&f, B24_AUTH, "LOGIN_PAGE",
                 "Check that the URL is a webhook's, complete with user id and secret; a proxy may also want a login.",
                 "the portal shows a login page in place of an answer");
    else return;
    b24_outcome_fault(&c->outcome, &f);
}

bool b24_call_moved(struct b24_call *c, const struct b24_reply *r) {
    struct b24_url url, here;
    char origin[B24_ORIGIN_MAX], old[B24_ORIGIN_MAX];
    if (!redirect_status(r->status) || c->outcome.kind != B24_HTTP) return false;
    if (r->location.n == 0 || r->location.n >= B24_URL_MAX) return false;
    if (r->location.p[0] == '/') { /* another page of the same host */
        name_page(c, r->location);
        return false;
    }
    if (b24_url_parse(r->location, &url) != NULL) return false;
    char location[B24_URL_MAX];
    b24_copy_text(location, sizeof location, r->location);
    struct b24_view path = bare_path(c->request.url), there = bare_path(location);
    if (path.n == 0 || path.n != there.n || memcmp(path.p, there.p, path.n) != 0) {
        name_page(c, url.path);
        return false;
    }
    b24_url_parse((struct b24_view){c->request.url, strlen(c->request.url)}, &here);
    if (!new_origin(c, &url, origin) || !new_origin(c, &here, old) || strcmp(origin, old) == 0) return false;
    if (c->moves == 0) return false;
    struct b24_view method = {c->method, strlen(c->method)};
    if (!b24_request_move(&c->text, c->conf, origin, method)) return false;
    c->moves--;
    c->moved = true;
    c->request.url = c->text.url;
    (void)b24_portal_moved(c->portal, (struct b24_view){origin, strlen(origin)});
    b24_copy_text(b24_call_add_note(c, "moved")->text, B24_TEXT_MAX, (struct b24_view){origin, strlen(origin)});
    return true;
}
