#include "iotflow/span.h"

/* Without strlen and memcmp, which take 220 and 96 bytes of flash. */

/* The limit, which no text reaches, keeps compilers from making a call of strlen of the loop. */
size_t iotflow_length(const char *text) {
    uint32_t length = 0;
    while ((length < (uint32_t)INT32_MAX) && (text[length] != '\0')) {
        length++;
    }
    return length;
}

bool iotflow_ends_with(iotflow_span bytes, const char *text) {
    size_t left = iotflow_length(text);
    if (bytes.size < left) {
        return false;
    }
    for (; left > 0U; left--) {
        bytes.size--;
        if (bytes.data[bytes.size] != (uint8_t)text[left - 1U]) {
            return false;
        }
    }
    return true;
}
