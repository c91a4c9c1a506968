#define _XOPEN_SOURCE   700
#define _DEFAULT_SOURCE /* struct winsize */
#define _DARWIN_C_SOURCE
#include "os/columns.h"

#include <locale.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <wchar.h>

#include "base/text.h"

static locale_t utf8;

/* Programs in Lua stay in the locale C, in which libc knows ASCII only. */
static void open_locale(void) {
    static const char *const names[] = {"C.UTF-8", "en_US.UTF-8", "UTF-8"}; /* UTF-8: macOS */
    for (size_t i = 0; utf8 == (locale_t)0 && i < sizeof names / sizeof *names; i++)
        utf8 = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
}

/* The locale of this thread, for its return. */
static locale_t enter(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_locale);
    return utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
}

static void leave(locale_t before) {
    if (utf8 != (locale_t)0) uselocale(before);
}

/* Columns of the character at p, and its bytes in *n. */
static size_t character(const char *p, const char *end, size_t *n) {
    *n = b24_utf8_length(p, end);
    if (*n <= 1) {
        *n = 1;
        return 1;
    }
    int columns = wcwidth((wchar_t)b24_utf8_code(p, *n));
    return columns < 0 ? 1 : (size_t)columns;
}

/* The beginning of at most `max` columns; its columns in *columns. */
static struct b24_view beginning(struct b24_view text, size_t max, size_t *columns) {
    const char *p = text.p, *end = text.p + text.n;
    *columns = 0;
    while (p < end) {
        size_t n, more = character(p, end, &n);
        if (more > max - *columns) break;
        *columns += more;
        p += n;
    }
    return (struct b24_view){text.p, (size_t)(p - text.p)};
}

size_t b24_columns(struct b24_view text) {
    size_t columns;
    locale_t before = enter();
    beginning(text, SIZE_MAX, &columns);
    leave(before);
    return columns;
}

struct b24_view b24_columns_cut(struct b24_view text, size_t max) {
    size_t columns;
    locale_t before = enter();
    struct b24_view cut = beginning(text, max, &columns);
    leave(before);
    return cut;
}

bool b24_window(int fd, int *columns, int *lines) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return false;
    *columns = size.ws_col;
    *lines = size.ws_row;
    return true;
}
