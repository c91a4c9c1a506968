#include "base/date.h"

/* `n` digits at *p, which moves past them; -1: there are fewer. */
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
