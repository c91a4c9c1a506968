#include "json/check.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define EXACT_INTEGER    "9007199254740992" /* 2^53: doubles hold every integer up to here */
#define EXACT_DIGITS     16
#define LARGEST_DOUBLE   "17976931348623157" /* first digits of DBL_MAX = 1.7976931348623157e308 */
#define LARGEST_EXPONENT 308
#define LONGEST_NUMBER                                                                             \
    63 /* bytes; cJSON copies a number into 64 bytes, and cuts it there. Debian's is patched */

struct scan {
    const char *begin, *p, *end;
    const char *first;          /* of the outermost value */
    const char *copied;         /* what `quoted` already holds */
    struct b24_buffer *quoted;  /* NULL: nobody needs it */
    struct b24_json_plan *plan; /* NULL: nobody needs it */
    struct b24_json_error *error;
    int depth, depth_left;
};

static bool value(struct scan *s);

static bool refuse_at(struct scan *s, const char *at, const char *what) {
    s->error->what = what;
    s->error->at = (size_t)(at - s->begin);
    return false;
}

static bool refuse(struct scan *s, const char *what) {
    return refuse_at(s, s->p, s->p == s->end ? "unexpected end" : what);
}

static bool space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/* Where none is, which is nearly everywhere, one comparison tells. */
static inline void skip_space(struct scan *s) {
    while (s->p < s->end && (unsigned char)*s->p <= ' ' && space(*s->p)) s->p++;
}

static bool digit(const struct scan *s) { return s->p < s->end && *s->p >= '0' && *s->p <= '9'; }

/* Four hex digits at p; -1 if they are not. */
static int hex4(const char *p, const char *end) {
    int code = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        code = code * 16 + d;
    }
    return code;
}

/* p stands after "\u". */
static bool unicode_escape(struct scan *s) {
    int code = hex4(s->p, s->end);
    if (code < 0) return refuse(s, "a \\u escape without four hex digits");
    if (code == 0) return refuse(s, "a NUL character (\\u0000)");
    s->p += 4;
    if (code < 0xD800 || code > 0xDFFF) return true;
    int low = code < 0xDC00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u'
                  ? hex4(s->p + 2, s->end)
                  : -1;
    if (low < 0xDC00 || low > 0xDFFF) return refuse_at(s, s->p - 6, "a lone surrogate");
    s->p += 6;
    return true;
}

static bool escape(struct scan *s) {
    s->p++; /* the backslash */
    if (s->p == s->end) return refuse(s, "");
    if (*s->p == 'u') {
        s->p++;
        return unicode_escape(s);
    }
    if (*s->p == '\0' || strchr("\"\\/bfnrt", *s->p) == NULL) return refuse(s, "an unknown escape");
    s->p++;
    return true;
}

/* What a string may hold as it is: ASCII but for quotes, backslashes and control bytes. */
static inline bool plain(char byte) {
    unsigned char c = (unsigned char)byte;
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Behind the plain bytes at p: eight at a time, then one by one. A byte whose top bit is set in
   `odd` is not plain, or stands behind one that is not. */
static const char *skip_plain(const char *p, const char *end) {
    for (uint64_t x; end - p >= (ptrdiff_t)sizeof x; p += sizeof x) {
        memcpy(&x, p, sizeof x);
        uint64_t quote = x ^ EACH('"'), slash = x ^ EACH('\\');
        uint64_t odd = x | ((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) |
                       ((slash - EACH(1)) & ~slash);
        odd &= EACH(0x80);
        if (odd == 0) continue;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        return p + __builtin_ctzll(odd) / 8;
#else
        break;
#endif
    }
    while (p < end && plain(*p)) p++;
    return p;
}

/* A byte of a string that is neither plain nor its end. */
static bool special(struct scan *s) {
    if (*s->p == '\\') return escape(s);
    if ((unsigned char)*s->p < 0x20) return refuse(s, "a raw control byte in a string");
    size_t n = b24_utf8_length(s->p, s->end);
    if (n == 0) return refuse(s, "invalid UTF-8");
    s->p += n;
    return true;
}

static bool string(struct scan *s) {
    if (s->p == s->end || *s->p != '"') return refuse(s, "a member without a quoted name");
    for (s->p++;;) {
        s->p = skip_plain(s->p, s->end);
        if (s->p == s->end) return refuse(s, "");
        if (*s->p == '"') break;
        if (!special(s)) return false;
    }
    s->p++;
    return true;
}

static bool quote(struct scan *s, const char *from) {
    struct b24_buffer *q = s->quoted;
    if (q == NULL) return true;
    bool ok = b24_buffer_add(q, s->copied, (size_t)(from - s->copied)) &&
              b24_buffer_add(q, "\"", 1) && b24_buffer_add(q, from, (size_t)(s->p - from)) &&
              b24_buffer_add(q, "\"", 1);
    s->copied = s->p;
    if (!ok) s->error->no_memory = true;
    return ok || refuse_at(s, from, "out of memory");
}

/* digits[0..n) of an integer without sign: beyond 2^53? */
static bool beyond_exact(const char *digits, size_t n) {
    return n > EXACT_DIGITS ||
           (n == EXACT_DIGITS && memcmp(digits, EXACT_INTEGER, EXACT_DIGITS) > 0);
}

bool b24_json_as_text(struct b24_view number) {
    size_t sign = number.p[0] == '-';
    for (size_t i = sign; i < number.n; i++)
        if (number.p[i] < '0' || number.p[i] > '9') return number.n > LONGEST_NUMBER;
    return beyond_exact(number.p + sign, number.n - sign);
}

/* Would strtod overflow? Decided from the digits, because strtod itself depends on the locale. */
static bool infinite(const char *from, const char *to) {
    char lead[sizeof LARGEST_DOUBLE] = "00000000000000000";
    size_t kept = 0;
    long exponent = -1, scale = 0;
    bool point = false, negative = false;
    const char *p = from;
    for (; p < to && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.') point = true;
        if (*p < '0' || *p > '9') continue;
        if (kept > 0 || *p != '0') {
            if (kept < sizeof lead - 1) lead[kept++] = *p;
            if (!point) exponent++;
        } else if (point) {
            exponent--;
        }
    }
    if (kept == 0) return false;
    if (p < to) p++;
    if (p < to && (*p == '+' || *p == '-')) negative = *p++ == '-';
    for (; p < to; p++)
        if (scale < 100000000) scale = scale * 10 + (*p - '0');
    exponent += negative ? -scale : scale;
    return exponent > LARGEST_EXPONENT ||
           (exponent == LARGEST_EXPONENT && strcmp(lead, LARGEST_DOUBLE) > 0);
}

static bool digits(struct scan *s) {
    if (!digit(s)) return refuse(s, "a malformed number");
    while (digit(s)) s->p++;
    return true;
}

/* What most numbers are: an integer of few digits. */
static bool short_integer(struct scan *s) {
    const char *first = s->p + (*s->p == '-'), *p = first, *end = s->end;
    while (p < end && *p >= '0' && *p <= '9') p++;
    if (p == first || p - first >= EXACT_DIGITS || (*first == '0' && p > first + 1)) return false;
    if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) return false;
    s->p = p;
    return true;
}

static bool number(struct scan *s) {
    if (short_integer(s)) return true;
    const char *from = s->p;
    if (*s->p == '-') s->p++;
    const char *first = s->p;
    if (!digits(s)) return false;
    if (*first == '0' && s->p > first + 1)
        return refuse_at(s, first, "a number with a leading zero");
    const char *last = s->p;
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!digits(s)) return false;
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-')) s->p++;
        if (!digits(s)) return false;
    }
    if (s->p == last) return !beyond_exact(first, (size_t)(last - first)) || quote(s, from);
    if (infinite(first, s->p)) return refuse_at(s, from, "a number too large for a double");
    return s->p - from <= LONGEST_NUMBER || quote(s, from);
}

static bool literal(struct scan *s, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) {
        if (memcmp(s->p, word, (size_t)(s->end - s->p) < n ? (size_t)(s->end - s->p) : n) == 0)
            s->p = s->end;
        return refuse(s, "not a JSON value");
    }
    s->p += n;
    return true;
}

/* ------------------------------------------------------------ the plan */

/* A container's place among the sizes. */
static bool plan_size(struct scan *s, size_t *place) {
    struct b24_json_plan *plan = s->plan;
    if (plan == NULL) return true;
    if (plan->n == plan->cap) {
        size_t cap = plan->cap > 0 ? plan->cap * 2 : 64;
        struct b24_json_size *sizes = realloc(plan->sizes, cap * sizeof *sizes);
        s->error->no_memory = sizes == NULL;
        if (sizes == NULL) return refuse_at(s, s->p, "out of memory");
        plan->sizes = sizes;
        plan->cap = cap;
    }
    *place = plan->n++;
    return true;
}

/* Its last byte is at p - 1. */
static void keep_size(struct scan *s, size_t place, uint32_t members) {
    if (s->plan == NULL) return;
    s->plan->sizes[place] = (struct b24_json_size){members, (uint32_t)s->plan->n, s->p};
}

/* Is this object the outermost one? NULL: no, or nobody asks. */
static struct b24_json_plan *top(const struct scan *s) {
    return s->plan != NULL && s->depth_left == s->depth - 1 ? s->plan : NULL;
}

/* A member of the outermost object: its name ends at p. NULL: not to be noted. */
static struct b24_json_member *plan_member(struct scan *s, struct b24_json_plan *plan,
                                           const char *name) {
    size_t i = plan->top_count++;
    if (i >= B24_JSON_TOP) return NULL;
    plan->top[i].name = (struct b24_view){name + 1, (size_t)(s->p - name) - 2};
    return &plan->top[i];
}

/* ------------------------------------------------------------ containers */

static bool enter(struct scan *s, size_t *place) {
    if (s->depth_left == 0) return refuse(s, "nested too deeply");
    if (!plan_size(s, place)) return false;
    s->depth_left--;
    s->p++;
    skip_space(s);
    return true;
}

static bool leave(struct scan *s, size_t place, uint32_t size) {
    s->depth_left++;
    s->p++;
    keep_size(s, place, size);
    return true;
}

static bool colon(struct scan *s) {
    skip_space(s);
    if (s->p == s->end || *s->p != ':') return refuse(s, "a member without a colon");
    s->p++;
    skip_space(s);
    return true;
}

static bool member(struct scan *s, struct b24_json_plan *plan) {
    const char *name = s->p;
    if (!string(s)) return false;
    struct b24_json_member *m = plan != NULL ? plan_member(s, plan, name) : NULL;
    if (!colon(s)) return false;
    const char *from = s->p;
    if (m != NULL) m->size = plan->n;
    if (!value(s)) return false;
    if (m != NULL) m->value = (struct b24_view){from, (size_t)(s->p - from)};
    return true;
}

/* An object or, by the byte that closes it, a list. */
static bool container(struct scan *s, char close, const char *no_comma) {
    size_t place = 0;
    if (!enter(s, &place)) return false;
    if (s->p < s->end && *s->p == close) return leave(s, place, 0);
    struct b24_json_plan *plan = close == '}' ? top(s) : NULL;
    for (uint32_t n = 1;; n++) {
        if (close == '}' ? !member(s, plan) : !value(s)) return false;
        skip_space(s);
        if (s->p < s->end && *s->p == close) return leave(s, place, n);
        if (s->p == s->end || *s->p != ',') return refuse(s, no_comma);
        s->p++;
        skip_space(s);
    }
}

static bool value(struct scan *s) {
    if (s->p == s->end) return refuse(s, "");
    switch (*s->p) {
    case '{': return container(s, '}', "an object without comma or closing brace");
    case '[': return container(s, ']', "a list without comma or closing bracket");
    case '"': return string(s);
    case 't': return literal(s, "true");
    case 'f': return literal(s, "false");
    case 'n': return literal(s, "null");
    default: return *s->p == '-' || digit(s) ? number(s) : refuse(s, "not a JSON value");
    }
}

static bool document(struct scan *s) {
    memset(s->error, 0, sizeof *s->error);
    if (s->end - s->p >= 3 && memcmp(s->p, "\xEF\xBB\xBF", 3) == 0)
        s->p += 3; /* PHP files saved with a BOM send one */
    skip_space(s);
    s->first = s->p;
    if (!value(s)) return false;
    skip_space(s);
    return s->p == s->end || refuse(s, "something after the JSON value");
}

static struct scan start(struct b24_view text, int max_depth, struct b24_json_error *error) {
    return (struct scan){.begin = text.p,
                         .p = text.p,
                         .end = text.p + text.n,
                         .copied = text.p,
                         .error = error,
                         .depth = max_depth,
                         .depth_left = max_depth};
}

bool b24_json_check(struct b24_view text, int max_depth, struct b24_buffer *quoted,
                    struct b24_json_error *error) {
    struct scan s = start(text, max_depth, error);
    s.quoted = quoted;
    if (!document(&s)) return false;
    if (s.copied == s.begin) return true;
    if (b24_buffer_add(quoted, s.copied, (size_t)(s.end - s.copied))) return true;
    error->no_memory = true;
    return refuse(&s, "out of memory");
}

bool b24_json_plan(struct b24_view text, int max_depth, struct b24_json_plan *plan,
                   struct b24_json_error *error) {
    struct scan s = start(text, max_depth, error);
    s.plan = plan;
    if (!document(&s)) return false;
    plan->value = s.first;
    return true;
}

/* What is noted of members stays as it is: `top_count` says how many there are. */
void b24_json_plan_init(struct b24_json_plan *plan) {
    plan->sizes = NULL;
    plan->n = plan->cap = plan->top_count = 0;
}

void b24_json_plan_free(struct b24_json_plan *plan) {
    free(plan->sizes);
    b24_json_plan_init(plan);
}
