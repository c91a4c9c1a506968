/* base/mask_word.h: finds one secret in a text, in any encoding; for mask*.c only. */
#ifndef B24_BASE_MASK_WORD_H
#define B24_BASE_MASK_WORD_H

#include "base/mask.h"

B24_PRIVATE_BEGIN

/* A secret as it was given. `encoded`: its %XX stand for bytes. */
struct b24_mask {
    const char *p, *end;
    bool encoded;
};

/* The secret's next byte; it moves on. Not at its end. */
char b24_mask_next(struct b24_mask *secret);

/* How many bytes of `text` stand for the character c: itself, escaped as JSON, HTML and forms do,
   or percent-encoded, also twice. 0: another one. What begins an escape is read as if it had been
   escaped so many `times`. */
size_t b24_mask_stands_for(const char *text, char c, int times);

/* The text ends here, or breaks off within an escape. */
bool b24_mask_cut(const char *p);

/* How many bytes at the start of `text` are the secret, or its beginning if the text is cut there.
 * 0: none. */
size_t b24_mask_match(const char *text, struct b24_mask secret);

/* Where a match counts. */
enum b24_mask_place {
    B24_MASK_ANYWHERE,
    B24_MASK_WHOLE, /* not inside a longer word */
    B24_MASK_ALONE  /* between the punctuation that surrounds a user, a password or a host */
};

/* Every match becomes "***". */
void b24_mask_all(char *text, struct b24_mask secret, enum b24_mask_place place);

/* n bytes at `from` become "***". */
void b24_mask_stars(char *from, size_t n);

B24_PRIVATE_END
#endif
