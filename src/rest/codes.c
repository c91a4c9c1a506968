#include "rest/codes.h"

#include <string.h>

#include "base/ascii.h"

#define SLOW_DOWN                                                                                  \
    "Ask less often: the portal allows 2 calls a second (Enterprise: 5) from one address; pause "  \
    "a few seconds."
#define NEW_HOOK                                                                                   \
    "Create a new incoming webhook (Developer resources > Other > Incoming webhook) and use its "  \
    "URL."
#define NEW_TOKEN                                                                                  \
    "Get a new access token with the refresh token, or let the user authorise the application "    \
    "again."
#define EXPIRED                                                                                    \
    "Access tokens live for an hour: get a new one with the refresh token; b24 does it by itself " \
    "for oauth = {client_id=, client_secret=, …}."
#define LOG_IN_AGAIN "run b24 login --app again."
#define CLIENT       "Check the application's client_id and client_secret."
#define GRANT                                                                                      \
    "The refresh token was used already, is older than 180 days, or was revoked: " LOG_IN_AGAIN
#define INSTALL "Let an administrator install the application on the portal again."
#define PLAN                                                                                       \
    "An administrator has to renew the portal's plan or Market subscription: REST needs one."
#define LICENCE "An administrator has to check the portal's licence."
#define RIGHTS  "The credential's owner has no right to this; use the webhook of somebody who has."

#define CONFIRM    "An administrator has to confirm this method for the application on the portal."
#define WAIT_RETRY "The portal has a temporary problem; repeat the call in a minute."
#define ARGUMENTS  "Check the parameters of this call against the method's documentation."
#define BROKEN     "This is a fault of the portal; if it stays, tell its administrator."
#define MISSING    "The portal has no such object; check its id."

/* Where neither code nor status tells more. */
static const char words_tell[] = "The message says what is wrong: the parameters, or the rights of "
                                 "the credential's owner.";
static const char words_tell_auth[] = "The message says what is wrong: the credential, or the "
                                      "rights of its owner. " NEW_HOOK;

/* Names in any letter case; source: facts measured from the server's own code and the vendor's
 * system error table. */
static const struct b24_code codes[] = {
    {"QUERY_LIMIT_EXCEEDED", B24_LIMIT, B24_UNRUN, SLOW_DOWN},
    {"OPERATION_TIME_LIMIT", B24_LIMIT, B24_UNRUN,
     "This method used up its computing time; wait a few minutes; other methods still work."},
    {"OVERLOAD_LIMIT", B24_LIMIT, B24_NEVER,
     "Bitrix24 has blocked this webhook or application for overload; contact their support."},
    {"INTERNAL_SERVER_ERROR", B24_PORTAL, B24_LATER, WAIT_RETRY},
    {"ERROR_UNEXPECTED_ANSWER", B24_PORTAL, B24_LATER, WAIT_RETRY},
    {"ERROR_CORE", B24_PORTAL, B24_LATER_5XX, BROKEN}, /* below 500: find() */
    {"CONNECTION_ERROR", B24_PORTAL, B24_UNRUN,
     "The portal could not reach its authorisation server; repeat the call in a minute."},
    {"NO_AUTH_FOUND", B24_AUTH, B24_NEVER,
     "The portal found no credential: check that the webhook URL or token is complete."},
    {"INVALID_CREDENTIALS", B24_AUTH, B24_NEVER,
     "The webhook is wrong, deleted, expired, or blocked after it became public. " NEW_HOOK},
    {"expired_token", B24_AUTH, B24_NEVER, EXPIRED},
    {"invalid_token", B24_AUTH, B24_NEVER,
     "The token belongs to another portal or a removed application. " NEW_TOKEN},
    {"authorization_error", B24_AUTH, B24_NEVER,
     "The credential's owner is dismissed or blocked; use the webhook of an active user."},
    {"APPLICATION_NOT_FOUND", B24_AUTH, B24_NEVER, INSTALL},
    {"NOT_INSTALLED", B24_AUTH, B24_NEVER, INSTALL},
    {"ERROR_OAUTH", B24_AUTH, B24_NEVER,
     "The portal refused the application's token (removed, or the portal's disk is "
     "full). " INSTALL},
    {"session_failed", B24_AUTH, B24_NEVER,
     "The request carried a browser session; send a webhook or token instead."},
    {"invalid_client", B24_AUTH, B24_NEVER, CLIENT},
    {"wrong_client", B24_AUTH, B24_NEVER, CLIENT},
    {"invalid_grant", B24_AUTH, B24_NEVER, GRANT},
    {"insufficient_scope", B24_DENIED, B24_NEVER,
     "In the webhook's settings tick 'Chat and Notifications (im)', or the scope of the method "
     "that you call."},
    {"invalid_scope", B24_DENIED, B24_NEVER,
     "The application asks for a scope that it does not have; change it in the application's "
     "settings."},
    {"ACCESS_DENIED", B24_DENIED, B24_NEVER,
     "Either the plan has no REST access, or the credential's owner lacks the right. " PLAN},
    {"user_access_error", B24_DENIED, B24_NEVER,
     "The application is not open to this user; an administrator can change that in its settings."},
    {"FEATURE_NOT_AVAIL", B24_DENIED, B24_NEVER, PLAN},
    {"IS_NOT_ADMIN", B24_DENIED, B24_NEVER,
     "Only an administrator may do this; use the webhook of one."},
    {"0x100002", B24_DENIED, B24_NEVER, RIGHTS}, /* tasks */
    {"1048578", B24_DENIED, B24_NEVER, RIGHTS},  /* the same in decimal */
    {"PAYMENT_REQUIRED", B24_DENIED, B24_NEVER, PLAN},
    {"verification_needed", B24_DENIED, B24_NEVER, LICENCE},
    {"PORTAL_BLOCKED_BY_LICENSE_SCANNER", B24_DENIED, B24_NEVER, LICENCE},
    {"WRONG_LICENSE", B24_DENIED, B24_NEVER, LICENCE},
    {"WRONG_AUTH_TYPE", B24_DENIED, B24_NEVER,
     "This method does not accept this kind of credential (a webhook in place of an application, "
     "or the reverse)."},
    {"METHOD_CONFIRM_WAITING", B24_DENIED, B24_NEVER, CONFIRM},
    {"METHOD_CONFIRM_DENIED", B24_DENIED, B24_NEVER, CONFIRM},
    {"ACCESS_ERROR", B24_DENIED, B24_NEVER,
     "The credential's owner has no access to what the call names: use the webhook of somebody who "
     "has, or check the ids."},
    {"allowed_only_intranet_user", B24_DENIED, B24_NEVER,
     "Use the webhook of an employee; extranet users may not call this."},
    {"PORTAL_DELETED", B24_PORTAL, B24_NEVER,
     "The portal was deleted or closed to the public; check its address with its administrator."},
    {"INVALID_REQUEST", B24_PORTAL, B24_NEVER,
     "Call the portal over https://, with the URL exactly as the portal shows it."},
    {"ERROR_METHOD_NOT_FOUND", B24_PORTAL, B24_NEVER,
     "Check the spelling of the method; its module may also be missing on this portal or plan."},
    {"ERROR_ARGUMENT", B24_PORTAL, B24_NEVER, ARGUMENTS},
    {"INVALID_ARG_VALUE", B24_PORTAL, B24_NEVER, ARGUMENTS},
    {"DIALOG_ID_EMPTY", B24_PORTAL, B24_NEVER, "Give DIALOG_ID: a user id such as 547, or chat18."},
    {"CHAT_NOT_FOUND", B24_PORTAL, B24_NEVER,
     "Check the dialog id: there is no such chat, or the credential's owner is not in it."},
    {"FILE_EMPTY", B24_PORTAL, B24_NEVER, "Give the file's name, and its content as Base64."},
    {"FILE_INVALID_CONTENT", B24_PORTAL, B24_NEVER,
     "Send the content as Base64, without a prefix such as data:...;base64 (b24.file does)."},
    {"FILE_TOO_LARGE", B24_PORTAL, B24_NEVER,
     "A chat takes files of up to 100 MB; a larger one goes to the drive "
     "(disk.folder.uploadfile)."},
    {"ERROR_COULD_NOT_SAVE_FILE", B24_PORTAL, B24_NEVER,
     "Check the free space of the portal's drive, and that the content is Base64."},
    {"DISK_BASE_SERVICE_22001", B24_PORTAL, B24_NEVER, "Give the file's name: data[NAME]."},
    {"MESSAGE_ID_ERROR", B24_PORTAL, B24_NEVER,
     "Check MESSAGE_ID: it must be a message of that dialog."},
    {"USER_NOT_EXISTS", B24_PORTAL, B24_NEVER, "Check the user id: the portal has no such user."},
    {"NOT_IMPLEMENTED", B24_PORTAL, B24_NEVER, "This portal does not offer the method."},
    {"NOT_FOUND", B24_PORTAL, B24_NEVER, MISSING},
    {"100", B24_PORTAL, B24_NEVER, ARGUMENTS}, /* "Could not find value for parameter {id}" */
    {"CANT_EDIT_MESSAGE", B24_PORTAL, B24_NEVER,
     "Messages can be changed for three days, and only by who may."},
    {"ERROR_MANIFEST_IS_NOT_AVAILABLE", B24_PORTAL, B24_NEVER,
     "This portal does not offer the method."},
    {"ERROR_BATCH_LENGTH_EXCEEDED", B24_PORTAL, B24_NEVER,
     "Send at most 50 commands in one batch."},
    {"ERROR_BATCH_METHOD_NOT_ALLOWED", B24_PORTAL, B24_NEVER,
     "Call this method by itself: it is not allowed inside a batch."},
    {"WRONG_ENCODING", B24_PORTAL, B24_NEVER,
     "The portal could not encode its own answer: ask for fewer fields, or tell its "
     "administrator."},
    {"INTERNAL_WRONG_TRANSPORT", B24_PORTAL, B24_NEVER,
     "Check the end of the method name: only .json is understood."},
    {"INTERNAL_WRONG_HANDLER_CLASS", B24_PORTAL, B24_NEVER, BROKEN},
};

#define V3_PREFIX "BITRIX_REST_V3_EXCEPTION_"

/* Error bodies whose code is not in the table, by status. */
static const struct b24_code *unknown_code(int status) {
    static const struct b24_code auth = {"", B24_AUTH, B24_NEVER, words_tell_auth};
    static const struct b24_code denied = {"", B24_DENIED, B24_NEVER, words_tell};
    static const struct b24_code limit = {"", B24_LIMIT, B24_UNRUN, SLOW_DOWN};
    static const struct b24_code broken = {"", B24_PORTAL, B24_NEVER, BROKEN};
    static const struct b24_code away = {"", B24_PORTAL, B24_LATER, WAIT_RETRY};
    static const struct b24_code other = {"", B24_PORTAL, B24_NEVER, words_tell};
    if (status == 401) return &auth;
    if (status == 403) return &denied;
    if (status == 429) return &limit;
    if (status >= 502 && status <= 504) return &away;
    return status >= 500 ? &broken : &other;
}

/* The part of a code in any letter case. */
static bool has_word(const char *code, const char *word) {
    for (; *code != '\0'; code++)
        if (b24_starts(code, word)) return true;
    return false;
}

/* Codes like CHAT_DELETE_USER_PERMISSION_DENIED and ATTACH_READ_ACCESS_DENIED come with status 400,
 * too. */
static bool about_rights(const char *code) {
    static const char *const words[] = {"ACCESS_DENIED", "ACCESSDENIED", "ACCESS_ERROR",
                                        "NO_ACCESS",     "FORBIDDEN",    "PERMISSION",
                                        "_RIGHTS",       "NO_RIGHT"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(code, words[i])) return true;
    return false;
}

/* Newer modules number their errors: 2000 (catalog) 403 (as the status) 00010. 0: not such a code.
 */
static int numbered_status(const char *code) {
    size_t n = strlen(code);
    if (n != 12 || strspn(code, "0123456789") != n || memcmp(code, "20", 2) != 0) return 0;
    return (code[4] - '0') * 100 + (code[5] - '0') * 10 + (code[6] - '0');
}

/* What the name of a code tells that is in no table. NULL: nothing. */
static const struct b24_code *by_name(const char *code) {
    static const struct b24_code rights = {"", B24_DENIED, B24_NEVER, RIGHTS};
    static const struct b24_code missing = {"", B24_PORTAL, B24_NEVER, MISSING};
    int status = numbered_status(code);
    if (status == 403 || about_rights(code)) return &rights;
    return status == 404 ? &missing : NULL;
}

/* REST 3 errors carry telling statuses. */
static const struct b24_code *v3_code(int status) {
    static const struct b24_code broken = {"", B24_PORTAL, B24_LATER, WAIT_RETRY};
    return status >= 500 ? &broken : unknown_code(status);
}

/* Codes of which the status, or the letter case, tells more. NULL: not such a code. */
static const struct b24_code *by_status(const char *code, int status) {
    static const struct b24_code core = {"", B24_PORTAL, B24_NEVER, words_tell};
    static const struct b24_code rights = {"", B24_DENIED, B24_NEVER, RIGHTS};
    if (b24_same(code, "ERROR_CORE") && status < 500) return &core;
    /* With 401 the portal's plan has no REST; else a method says it of its data. */
    if (b24_same(code, "ACCESS_DENIED") && status != 401) return &rights;
    /* In capitals it is a method's: no access to a colleague's data. */
    if (strcmp(code, "USER_ACCESS_ERROR") == 0) return &rights;
    return NULL;
}

const struct b24_code *b24_code_find(const char *code, int status) {
    const struct b24_code *more = by_status(code, status);
    if (more != NULL) return more;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (b24_same(codes[i].name, code)) return &codes[i];
    if ((more = by_name(code)) != NULL) return more;
    if (b24_starts(code, V3_PREFIX)) return v3_code(status);
    if (code[0] == '\0' && (status == 429 || status == 503)) return b24_code_of_status(status);
    return unknown_code(status);
}

/* What a token server says of the request for tokens. */
const struct b24_code *b24_code_of_token_server(const char *code, int status) {
    static const struct b24_code known[] = {
        {"invalid_grant", B24_AUTH, B24_NEVER, GRANT},
        {"expired_token", B24_AUTH, B24_NEVER,
         "The authorisation code was used already or is older than 30 seconds: " LOG_IN_AGAIN},
        {"invalid_token", B24_AUTH, B24_NEVER, GRANT},
        {"invalid_client", B24_AUTH, B24_NEVER, CLIENT},
        {"wrong_client", B24_AUTH, B24_NEVER, CLIENT},
        {"invalid_request", B24_AUTH, B24_NEVER,
         "The token server did not understand the request; " LOG_IN_AGAIN},
        {"authorization_error", B24_AUTH, B24_NEVER,
         "The user is dismissed or blocked, or the application was removed: " LOG_IN_AGAIN},
        {"PAYMENT_REQUIRED", B24_DENIED, B24_NEVER, PLAN}};
    static const struct b24_code other = {"", B24_AUTH, B24_NEVER,
                                          "The token server gives no new token; " LOG_IN_AGAIN};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (b24_same(known[i].name, code)) return &known[i];
    const struct b24_code *c = b24_code_find(code, status);
    return c->repeat != B24_NEVER || c->kind == B24_LIMIT ? c : &other;
}

const char *b24_code_silent_hint(const struct b24_code *code) {
    if (code->hint == words_tell_auth)
        return "The portal does not accept this credential. " NEW_HOOK;
    if (code->hint == words_tell)
        return "Check the parameters of this call against the method's documentation, and the "
               "rights of the credential's owner.";
    return code->hint;
}

const char *b24_code_method_hint(const char *code, const char *method) {
    static const char *const dialogs[] = {"im.dialog.", "im.chat.", "im.message.", "im.disk."};
    if (!b24_same(code, "ACCESS_ERROR")) return NULL;
    for (size_t i = 0; i < sizeof dialogs / sizeof *dialogs; i++)
        if (b24_starts(method, dialogs[i]))
            return "The credential's owner is not a member of this dialog; open lines need the "
                   "imopenlines.* methods.";
    return NULL;
}

const struct b24_code *b24_code_of_status(int status) {
    static const struct b24_code good = {"NOT_JSON", B24_DECODE, B24_NEVER,
                                         "Check that the URL is a webhook of a Bitrix24 portal; a "
                                         "proxy or login page may stand in between."};
    static const struct b24_code redirect = {
        "REDIRECT", B24_HTTP, B24_NEVER,
        "Check the portal's address; a proxy or a login page may stand in between."};
    static const struct b24_code auth = {"", B24_AUTH, B24_NEVER,
                                         "The portal does not accept this credential. " NEW_HOOK};
    static const struct b24_code denied = {"", B24_DENIED, B24_NEVER,
                                           "A firewall or the portal's licence page may stand in "
                                           "between; open the portal in a browser."};
    static const struct b24_code timeout = {"", B24_TIMEOUT, B24_LATER, WAIT_RETRY};
    static const struct b24_code limit429 = {"", B24_LIMIT, B24_UNRUN, SLOW_DOWN};
    static const struct b24_code limit503 = {
        "", B24_LIMIT, B24_LATER, SLOW_DOWN " A portal under maintenance answers the same."};
    static const struct b24_code large = {"", B24_HTTP, B24_NEVER,
                                          "The request is too large for the portal or a proxy: "
                                          "send less at once."};
    static const struct b24_code login = {"", B24_HTTP, B24_NEVER,
                                          "This network wants somebody to log in first: open any "
                                          "page in a browser."};
    static const struct b24_code missing = {
        "", B24_HTTP, B24_NEVER, "Check the address: there is no REST interface at this URL."};
    static const struct b24_code proxy = {"", B24_HTTP, B24_NEVER,
                                          "The proxy asks for a user and a password: give them in "
                                          "its URL, http://USER:PASSWORD@HOST:PORT."};
    static const struct b24_code server = {"", B24_HTTP, B24_LATER, WAIT_RETRY};
    static const struct b24_code other = {"", B24_HTTP, B24_NEVER,
                                          "Check the address; a proxy may stand in between."};
    if (status >= 200 && status < 300) return &good;
    if (status >= 300 && status < 400) return &redirect;
    switch (status) {
    case 401: return &auth;
    case 403: return &denied;
    case 404: return &missing;
    case 407: return &proxy;
    case 408: return &timeout;
    case 413:
    case 414:
    case 431: return &large;
    case 429: return &limit429;
    case 501:
    case 505: return &other;
    case 511: return &login;
    case 503: return &limit503;
    default: return status >= 500 ? &server : &other;
    }
}
