#include "base/punycode.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define LABEL_MAX 63 /* bytes of a label in DNS; so many code points are also the most */

/* RFC 3492, section 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

/* ------------------------------------------------------------ which characters */

struct range {
    uint32_t first, last;
};

/* Lower-case letters and digits that stand for themselves in a host name, whoever looks (IDNA).
   What has several spellings is left out: combining marks, ligatures, other widths. */
static const struct range plain[] = {
    {0x00DF, 0x00F6}, {0x00F8, 0x0131}, {0x0134, 0x013E}, {0x0141, 0x0148}, {0x014A, 0x017E},
    {0x0218, 0x021B}, {0x0390, 0x0390}, {0x03AC, 0x03CE}, {0x0430, 0x045F}, {0x0461, 0x0481},
    {0x048A, 0x052F}, {0x0561, 0x0586}, {0x05D0, 0x05EA}, {0x0620, 0x063A}, {0x0641, 0x064A},
    {0x0660, 0x0669}, {0x0671, 0x0674}, {0x0679, 0x06D3}, {0x06F0, 0x06F9}, {0x0904, 0x0939},
    {0x0E01, 0x0E32}, {0x0E34, 0x0E3A}, {0x0E40, 0x0E4E}, {0x10D0, 0x10FA}, {0x3005, 0x3007},
    {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x30FC, 0x30FE}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFC},
    {0xAC00, 0xD7A3},
};

static bool is_plain(uint32_t c) {
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (c >= plain[i].first && c <= plain[i].last) return true;
    return false;
}

static bool within(uint32_t c, uint32_t first, uint32_t last) { return c >= first && c <= last; }

/* Capitals of Latin, Greek, Cyrillic and Armenian, where a rule tells the small letter. */
static uint32_t lower(uint32_t c) {
    bool even = (c & 1) == 0;
    if (c < 0x80) return (unsigned char)b24_lower((char)c);
    if (within(c, 0xC0, 0xDE) && c != 0xD7) return c + 0x20;
    if (within(c, 0x0391, 0x03AB) && c != 0x03A2) return c + 0x20;
    if (within(c, 0x0388, 0x038A)) return c + 37;
    if (within(c, 0x0410, 0x042F)) return c + 0x20;
    if (within(c, 0x0400, 0x040F)) return c + 0x50;
    if (within(c, 0x0531, 0x0556)) return c + 0x30;
    switch (c) {
    case 0x0178: return 0x00FF;
    case 0x0386: return 0x03AC;
    case 0x038C: return 0x03CC;
    case 0x038E: return 0x03CD;
    case 0x038F: return 0x03CE;
    case 0x04C0: return 0x04CF;
    default: break;
    }
    /* 0x130, a capital I with a dot, becomes two characters: it is not ours to do. */
    bool even_pairs =
        (within(c, 0x0100, 0x012F) || within(c, 0x0132, 0x0137) || within(c, 0x014A, 0x0177) ||
         within(c, 0x0218, 0x021B) || within(c, 0x0460, 0x0481) || within(c, 0x048A, 0x04BF) ||
         within(c, 0x04D0, 0x052F));
    bool odd_pairs =
        within(c, 0x0139, 0x0148) || within(c, 0x0179, 0x017E) || within(c, 0x04C1, 0x04CE);
    if ((even_pairs && even) || (odd_pairs && !even)) return c + 1;
    return c;
}

/* The code point at *p, which moves on; UTF-8 is checked already. */
static uint32_t next(const char **p, const char *end) {
    const unsigned char *q = (const unsigned char *)*p;
    size_t n = b24_utf8_length(*p, end);
    uint32_t c = n == 1 ? q[0] : q[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) c = c << 6 | (q[i] & 0x3Fu);
    *p += n;
    return c;
}

/* Those that IDNA takes for one. */
static bool is_dot(uint32_t c) { return c == '.' || c == 0x3002 || c == 0xFF0E || c == 0xFF61; }

/* ------------------------------------------------------------ a label */

struct label {
    uint32_t at[LABEL_MAX];
    size_t n;
};

struct output {
    char *p;
    size_t n, max;
};

static bool put(struct output *out, char c) {
    if (out->n == out->max) return false;
    out->p[out->n++] = c;
    return true;
}

static char digit(uint32_t d) { return (char)(d < 26 ? 'a' + d : '0' + (d - 26)); }

static uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A generalised variable-length integer. */
static bool put_number(struct output *out, uint32_t q, uint32_t bias) {
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (q < t) return put(out, digit(q));
        if (!put(out, digit(t + (q - t) % (BASE - t)))) return false;
        q = (q - t) / (BASE - t);
    }
}

static uint32_t smallest_from(const struct label *l, uint32_t from) {
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] >= from && l->at[i] < least) least = l->at[i];
    return least;
}

/* RFC 3492, section 6.3. At most 63 code points below 0x110000: nothing overflows 32 bits. */
static bool encode(const struct label *l, struct output *out) {
    uint32_t n = FIRST, delta = 0, bias = BIAS, basic = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->at[i] >= FIRST) continue;
        if (!put(out, (char)l->at[i])) return false;
        basic++;
    }
    if (basic > 0 && !put(out, '-')) return false;
    for (uint32_t done = basic; done < l->n; delta++, n++) {
        uint32_t m = smallest_from(l, n);
        delta += (m - n) * (done + 1);
        n = m;
        for (size_t i = 0; i < l->n; i++) {
            if (l->at[i] < n) delta++;
            if (l->at[i] != n) continue;
            if (!put_number(out, delta, bias)) return false;
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

static bool put_label(const struct label *l, struct output *out) {
    char text[LABEL_MAX];
    struct output ascii = {text, 0, sizeof text};
    bool wide = false;
    for (size_t i = 0; i < l->n; i++) wide = wide || l->at[i] >= FIRST;
    if (wide)
        for (const char *p = "xn--"; *p != '\0'; p++) put(&ascii, *p);
    if (wide && !encode(l, &ascii)) return false;
    for (size_t i = 0; !wide && i < l->n; i++)
        if (!put(&ascii, (char)l->at[i])) return false;
    for (size_t i = 0; i < ascii.n; i++)
        if (!put(out, text[i])) return false;
    return true;
}

bool b24_host_ascii(struct b24_view host, char out[B24_HOST_MAX + 1]) {
    struct output all = {out, 0, B24_HOST_MAX};
    struct label label = {.n = 0};
    const char *p = host.p, *end = host.p + host.n;
    if (!b24_utf8_valid(host.p, host.n)) return false;
    while (p < end) {
        uint32_t c = lower(next(&p, end));
        if (is_dot(c)) {
            if (!put_label(&label, &all) || !put(&all, '.')) return false;
            label.n = 0;
        } else if ((c >= FIRST && !is_plain(c)) || label.n == LABEL_MAX) {
            return false;
        } else {
            label.at[label.n++] = c;
        }
    }
    if (!put_label(&label, &all)) return false;
    out[all.n] = '\0';
    return true;
}
