#include "iotflow/span.h"

#include <string.h>

/* Without memcmp, which takes 96 bytes of flash. */
bool iotflow_ends_with(iotflow_span bytes, const char *text) {
    size_t left = strlen(text);
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
