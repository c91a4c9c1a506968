/* The gate alone: gate FILE N. */
#include <stdio.h>
#include <stdlib.h>

#include "json/check.h"

int main(int argc, char **argv) {
    static char text[1 << 20];
    struct b24_json_error error;
    struct b24_buffer quoted;
    FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (f == NULL) return 2;
    struct b24_view view = {text, fread(text, 1, sizeof text - 1, f)};
    fclose(f);
    for (int i = atoi(argv[2]); i > 0; i--) {
        b24_buffer_init(&quoted, view.n * 2 + 2);
        if (!b24_json_check(view, B24_DEPTH_DEFAULT, &quoted, &error)) return 1;
        b24_buffer_free(&quoted);
    }
}
