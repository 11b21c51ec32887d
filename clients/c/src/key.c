#include "iotflow/key.h"

uint32_t iotflow_key_length(const char *text, uint32_t longest) {
    uint32_t length = 0;
    while ((text[length] > ' ') && (text[length] <= '~') && (length < longest)) {
        length++;
    }
    return (text[length] == '\0') ? length : 0U;
}
