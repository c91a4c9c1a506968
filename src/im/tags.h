/* im/tags.h: where the tags of a message are, and which of them belong together. */
#ifndef B24_IM_TAGS_H
#define B24_IM_TAGS_H

#include "base/common.h"

B24_PRIVATE_BEGIN

enum b24_tag_kind {
    B24_TAG_STYLE, /* [B], [SIZE=5] and their like: only what is between them counts */
    B24_TAG_ABOUT, /* [USER=5], [CALL=+1]: the text between, or else the value */
    B24_TAG_LINK,  /* [URL=…] */
    B24_TAG_CODE,  /* nothing in it is markup */
    B24_TAG_QUOTE,
    B24_TAG_ITEM, /* [*] of a list; this one and the following stand alone */
    B24_TAG_ICON,
    B24_TAG_FILE,
    B24_TAG_NOTHING /* marks a place that text has no use for */
};

struct b24_tag {
    size_t at, end;        /* its bytes, the brackets included */
    struct b24_view value; /* behind "=" or a blank; empty: there is none */
    size_t out;            /* for who writes the text: where it is in what was written */
    uint32_t partner;      /* index + 1 of the tag that closes or opens it; 0: none */
    unsigned char name;    /* index of its name; the same for both of a pair */
    unsigned char kind;    /* b24_tag_kind */
    bool closes, alone;
};

struct b24_tags {
    struct b24_tag *list; /* those that count, in order */
    size_t n;
};

/* Finds the tags of `raw`. False: out of memory. Free the list, whatever comes of it. */
bool b24_tags_find(struct b24_tags *tags, struct b24_view raw);
void b24_tags_free(struct b24_tags *tags);

/* What the tags of this name are called in lower case. */
const char *b24_tag_name(const struct b24_tag *tag);

B24_PRIVATE_END
#endif
