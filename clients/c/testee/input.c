#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, GROWTH_BYTES = 1 << 20 };

bool read_lines(void (*handle)(iotflow_span line)) {
    static char *text;
    static size_t used, size;
    ssize_t got;
    char *end;
    if ((size - used) < READ_BYTES) {
        size += GROWTH_BYTES;
        text = (char *)realloc(text, size);
    }
    if (text == NULL) {
        return false;
    }
    got = read(STDIN_FILENO, text + used, size - used);
    if (got <= 0) {
        return (got < 0) && ((errno == EAGAIN) || (errno == EINTR));
    }
    used += (size_t)got;
    while ((end = (char *)memchr(text, '\n', used)) != NULL) {
        iotflow_span line;
        line.data = (const uint8_t *)text;
        line.size = (size_t)(end - text);
        *end = '\0';
        handle(line);
        used -= line.size + 1U;
        (void)memmove(text, end + 1, used);
    }
    return true;
}
