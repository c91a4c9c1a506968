#include "base/date.h"

#include <string.h>

#include "base/ascii.h"
#include "base/paste.h"
#include "base/url.h"

/* `n` digits at *p, which moves behind them; -1: there are not so many. */
static int digits(const char **p, int n) {
    int value = 0;
    for (; n > 0; n--, (*p)++) {
        if (**p < '0' || **p > '9') return -1;
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool skip(const char **p, char c) {
    if (**p != c) return false;
    (*p)++;
    return true;
}

/* Days since 1970-01-01 in the Gregorian calendar. The year begins in March here, so that leap days
 * come last. */
static long days(int year, int month, int day) {
    if (month <= 2) year--, month += 12;
    return 365L * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
           719469;
}

/* "Z", "+03:00" or "+0300", to the end of the text, in seconds. */
static bool offset(const char *p, int *seconds) {
    *seconds = 0;
    if (skip(&p, 'Z')) return *p == '\0';
    int sign = *p == '-' ? -1 : 1;
    if (!skip(&p, '+') && !skip(&p, '-')) return false;
    int hours = digits(&p, 2);
    skip(&p, ':');
    int minutes = digits(&p, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || *p != '\0') return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool clock_time(const char **p, int *seconds) {
    int hour = digits(p, 2);
    if (hour < 0 || hour > 23 || !skip(p, ':')) return false;
    int minute = digits(p, 2);
    if (minute < 0 || minute > 59 || !skip(p, ':')) return false;
    int second = digits(p, 2);
    if (second < 0 || second > 60) return false;
    if (skip(p, '.'))
        while (**p >= '0' && **p <= '9') (*p)++;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

bool b24_date_parse(const char *p, double *seconds) {
    int of_day, zone;
    int year = digits(&p, 4);
    if (year < 0 || !skip(&p, '-')) return false;
    int month = digits(&p, 2);
    if (month < 1 || month > 12 || !skip(&p, '-')) return false;
    int day = digits(&p, 2);
    if (day < 1 || day > 31 || !skip(&p, 'T') || !clock_time(&p, &of_day) || !offset(p, &zone))
        return false;
    *seconds = (double)days(year, month, day) * 86400 + of_day - zone;
    return true;
}

/* ------------------------------------------------------------ HTTP */

#define HTTP_DATE_MAX 63 /* bytes; the longest of the three forms has 33 */

static void skip_spaces(const char **p) {
    while (**p == ' ') (*p)++;
}

/* 1 to 12; -1: no month. */
static int month_name(const char **p) {
    static const char *const names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
    for (int i = 0; i < 12; i++)
        if (b24_starts(*p, names[i])) {
            *p += 3;
            return i + 1;
        }
    return -1;
}

/* One digit or two: asctime() writes " 6". */
static int day_number(const char **p) {
    skip_spaces(p);
    bool two = **p != '\0' && (*p)[1] >= '0' && (*p)[1] <= '9';
    return digits(p, two ? 2 : 1);
}

/* Four digits, or two of RFC 850, which nobody wrote before 1970. */
static int year_number(const char **p) {
    int high = digits(p, 2), low = digits(p, 2);
    if (high < 0) return -1;
    return low >= 0 ? high * 100 + low : high + (high < 70 ? 2000 : 1900);
}

static bool at_gmt(const char *p) {
    return b24_same(p, " GMT") || b24_same(p, " UTC") || b24_same(p, " +0000");
}

bool b24_date_parse_http(struct b24_view text, double *seconds) {
    char copy[HTTP_DATE_MAX + 1];
    const char *p = copy;
    int day, month, year, of_day;
    text = b24_trim(text);
    if (text.n == 0 || text.n > HTTP_DATE_MAX) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    while (b24_lower(*p) >= 'a' && b24_lower(*p) <= 'z')
        p++; /* the day of the week tells nothing */
    if (skip(&p, ',')) {
        day = day_number(&p);
        if (!skip(&p, ' ') && !skip(&p, '-')) return false;
        month = month_name(&p);
        if (!skip(&p, ' ') && !skip(&p, '-')) return false;
        year = year_number(&p);
        if (!skip(&p, ' ') || !clock_time(&p, &of_day) || !at_gmt(p)) return false;
    } else {
        if (!skip(&p, ' ')) return false;
        month = month_name(&p);
        day = day_number(&p);
        if (!skip(&p, ' ') || !clock_time(&p, &of_day) || !skip(&p, ' ')) return false;
        year = digits(&p, 4);
        if (*p != '\0') return false;
    }
    if (day < 1 || day > 31 || month < 1 || year < 0) return false;
    *seconds = (double)days(year, month, day) * 86400 + of_day;
    return true;
}
