/* rest/conf_options.h: the options of conf, one row each. A row makes the option's name and Lua
   type (lua/options.c), and its lines in doc/conf.md and lua/b24/types.lua
   (scripts/conf_table.lua).
   That of a plain value makes the field of struct b24_conf, too, its default, how it is read
   (lua/conf.c) and freed: such an option is one row and its use. */
#ifndef B24_REST_CONF_OPTIONS_H
#define B24_REST_CONF_OPTIONS_H

#include "json/check.h"

#define B24_TIMEOUT_MAX   600        /* s; more is surely a value in milliseconds */
#define B24_REPLY_DEFAULT (16 << 20) /* bytes; the largest real answers are a few MiB */
#define B24_REPLY_MAX     (1 << 30)

/* The event loops, for lua/b24/wait/context.lua and what conf.transport may be. X(name, module,
   host, told)
     name    conf.transport, and the file lua/b24/wait/NAME.lua
     module  what a plain program has loaded that uses the loop
     host    the program whose own loop it is; "": none
     told    the module tells whether its loop runs; where none does nothing would ever go on, so
             that to have loaded it means nothing */
#define B24_LOOPS(X)                                                                               \
    X(uv, "luv", "Neovim", false)                                                                  \
    X(cqueues, "cqueues", "", true)                                                                \
    X(glib, "lgi", "AwesomeWM", false)

/* X(name, Lua types, what it must be, default in words, type in LuaLS, doc): read by a function of
   their own in lua/conf.c. No doc: not for users. Docs are Markdown; LOOPS: the names above. */
#define B24_CONF_OTHERS(X)                                                                         \
    X(webhook, T(STRING) | T(FUNCTION), "a string or a function that returns it", "",              \
      "string|fun():string?,string?",                                                              \
      "URL of an incoming webhook, in any pasted form, or a function that returns it (or `nil` "   \
      "and the reason); asked again if the portal refuses it")                                     \
    X(portal, T(STRING), "a string", "", "string",                                                 \
      "host of the portal, with `token`, instead of a webhook")                                    \
    X(token, T(STRING) | T(FUNCTION), "a string or a function that returns it", "",                \
      "string|fun():string?,string?",                                                              \
      "OAuth access token, or a function that returns it; asked again if the portal refuses it")   \
    X(oauth, T(TABLE), "a table", "", "b24.oauth",                                                 \
      "an application's tokens, which b24 renews: see [OAuth](oauth.md)")                          \
    X(profile, T(STRING), "a string", "", "string",                                                \
      "take the webhook from the file `~/.config/b24/webhook.PROFILE`, or else the tokens from "   \
      "`app.PROFILE`")                                                                             \
    X(limiter, T(TABLE) | T(BOOLEAN), "a table or false", "on", "b24.limiter|false",               \
      "a stricter limit `{rate=, burst=}` than the plan's, `false` for none, or your own "         \
      "`{reserve=, penalise=}`")                                                                   \
    X(plan, T(STRING), "a string", "`\"standard\"`", "\"standard\"|\"enterprise\"",                \
      "the portal's plan: 2 calls a second, 50 at once; `\"enterprise\"`: 5 and 250")              \
    X(log, T(FUNCTION), "a function", "", "fun(event: table)",                                     \
      "`function(event)`: every attempt, reply, wait, retry, rename and degradation. It may make " \
      "calls; an error in it is reported in `info.log_error`")                                     \
    X(http_version, T(STRING) | T(NUMBER), "\"1.1\", \"2\" or \"auto\"", "`\"auto\"`",             \
      "\"1.1\"|\"2\"|\"auto\"", "`\"1.1\"` or `\"2\"`: that one only")                             \
    X(transport, T(STRING), "a string", "`\"auto\"`", "\"auto\"|\"blocking\"|LOOPS",               \
      "how the program waits: `\"blocking\"`, LOOPS; see [event loops](event-loops.md)")

/* X(KIND, name, low, high, default, doc): plain values.
     SECONDS   b24_ms   low, high and default in seconds
     COUNT     int      a whole number
     BYTES     size_t   a whole number
     FLAG      bool     low and high: 0
     TEXT      char *   without control characters; NULL: not given. Default: in words; low, high: 0
 */
#define B24_CONF_VALUES(X)                                                                         \
    X(SECONDS, timeout, 0.001, B24_TIMEOUT_MAX, 30,                                                \
      "seconds; one deadline over waiting, retries and transfer; at most 600")                     \
    X(SECONDS, connect_timeout, 0.001, B24_TIMEOUT_MAX, 10, "seconds to establish a connection")   \
    X(COUNT, retries, 0, 10, 2,                                                                    \
      "how many times a request may be repeated, if safe; see [politeness](#politeness)")          \
    X(FLAG, idempotent, 0, 0, false, "every call may safely run twice, whatever its method")       \
    X(TEXT, runtime_dir, 0, 0, "see below",                                                        \
      "where this machine's processes share the limiter and the cache")                            \
    X(SECONDS, max_age, 0, 1e9, 0,                                                                 \
      "seconds: accept [cached counters](status-bars.md#one-answer-for-all-bars) up to this old")  \
    X(FLAG, stale_ok, 0, 0, false,                                                                 \
      "if the portal does not answer, return older counters, marked as stale")                     \
    X(TEXT, ca_file, 0, 0, "the profile's, `$B24_CA_FILE`, `$SSL_CERT_FILE`, or the system's",     \
      "trusted certificates: a PEM file")                                                          \
    X(TEXT, ca_path, 0, 0, "`$SSL_CERT_DIR`, or the system's",                                     \
      "trusted certificates: a hashed directory")                                                  \
    X(TEXT, proxy, 0, 0, "`https_proxy`, `all_proxy`, `no_proxy`", "URL; `\"\"` for none")         \
    X(BYTES, max_reply, 1, B24_REPLY_MAX, B24_REPLY_DEFAULT, "largest reply, in bytes")            \
    X(COUNT, max_depth, 1, B24_DEPTH_MAX, B24_DEPTH_DEFAULT, "deepest nesting in a reply")         \
    X(FLAG, nulls, 0, 0, false, "keep null members of results, as `b24.null`")                     \
    X(TEXT, user_agent, 0, 0, "`b24/VERSION`", "names your program to the portal")                 \
    X(FLAG, allow_http, 0, 0, false,                                                               \
      "plain http, to loopback only (or `B24_ALLOW_HTTP=1`): for a mock portal")

#endif
