#include "iotflow/json.h"

#include <string.h>

static bool is_space(uint8_t byte) { return (byte == 32U) || ((byte >= 9U) && (byte <= 13U)); }

static size_t skip_space(iotflow_span text, size_t at) {
    while ((at < text.size) && is_space(text.data[at])) {
        at++;
    }
    return at;
}

/* Behind the quote that ends the text that begins at `at`, or size if none does. */
static size_t skip_text(iotflow_span text, size_t at) {
    at++;
    while ((at < text.size) && (text.data[at] != (uint8_t)'"')) {
        at += (text.data[at] == (uint8_t)'\\') ? 2U : 1U;
    }
    return (at < text.size) ? (at + 1U) : text.size;
}

static bool is_end(uint8_t byte) {
    return (byte == (uint8_t)',') || (byte == (uint8_t)':') || (byte == (uint8_t)'}') || (byte == (uint8_t)']') ||
           is_space(byte);
}

/* Behind the value that begins at `at`. Brackets are counted, not matched. */
static size_t skip_value(iotflow_span text, size_t at) {
    uint32_t depth = 0;
    while ((at < text.size) && ((depth > 0U) || !is_end(text.data[at]))) {
        const uint8_t byte = text.data[at];
        if (byte == (uint8_t)'"') {
            at = skip_text(text, at);
        } else {
            if ((byte == (uint8_t)'{') || (byte == (uint8_t)'[')) {
                depth++;
            } else if ((byte == (uint8_t)'}') || (byte == (uint8_t)']')) {
                depth--;
            } else {
                /* A part of the value. */
            }
            at++;
        }
    }
    return at;
}

/* Moves behind the byte, which must be the next one, and the space around it. */
static bool take(iotflow_span text, size_t *at, char byte) {
    *at = skip_space(text, *at);
    if ((*at >= text.size) || (text.data[*at] != (uint8_t)byte)) {
        return false;
    }
    *at = skip_space(text, *at + 1U);
    return true;
}

static bool is_name(iotflow_span text, size_t from, size_t to, const char *name) {
    const size_t size = strlen(name);
    return ((to - from) == (size + 2U)) && (text.data[from] == (uint8_t)'"') &&
           (memcmp(text.data + from + 1U, name, size) == 0);
}

bool iotflow_json_find(iotflow_span object, const char *name, iotflow_span *value) {
    size_t at = 0;
    char before = '{';
    while (take(object, &at, before)) {
        const size_t from = at;
        size_t begin;
        bool found;
        at = skip_value(object, at);
        found = is_name(object, from, at, name);
        if (!take(object, &at, ':')) {
            return false;
        }
        begin = at;
        at = skip_value(object, at);
        if (found && (at > begin)) {
            value->data = object.data + begin;
            value->size = at - begin;
            return true;
        }
        before = ',';
    }
    return false;
}

static uint32_t hex_digit(uint8_t byte) {
    if ((byte >= (uint8_t)'0') && (byte <= (uint8_t)'9')) {
        return (uint32_t)byte - (uint32_t)'0';
    }
    return (((uint32_t)byte | 32U) - (uint32_t)'a' + 10U) & 15U;
}

/* The character of the escape at `at`, behind the backslash. Moves `at` to its last byte. */
static char unescaped(iotflow_span value, size_t *at) {
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    const char byte = (char)value.data[*at];
    uint32_t code = 0;
    uint32_t i;
    for (i = 0; escapes[i] != '\0'; i += 2U) {
        if (escapes[i] == byte) {
            return escapes[i + 1U];
        }
    }
    if (byte != 'u') {
        return byte;
    }
    for (i = 0; (i < 4U) && ((*at + 1U) < value.size); i++) {
        *at += 1U;
        code = (code << 4) | hex_digit(value.data[*at]);
    }
    return ((code > 0U) && (code < 128U)) ? (char)code : '?';
}

bool iotflow_json_text(iotflow_span value, char *text, uint32_t size) {
    size_t at;
    uint32_t used = 0;
    text[0] = '\0';
    if ((value.size < 2U) || (value.data[0] != (uint8_t)'"')) {
        return false;
    }
    for (at = 1; at < (value.size - 1U); at++) {
        if ((used + 1U) >= size) {
            text[0] = '\0';
            return false;
        }
        if (value.data[at] == (uint8_t)'\\') {
            at++;
            text[used] = unescaped(value, &at);
        } else {
            text[used] = (char)value.data[at];
        }
        used++;
    }
    text[used] = '\0';
    return true;
}

bool iotflow_json_number(iotflow_span value, uint64_t *number) {
    size_t at = 0;
    size_t end = value.size;
    *number = 0;
    if ((end >= 2U) && (value.data[0] == (uint8_t)'"')) {
        at++;
        end--;
    }
    if ((at == end) || ((end - at) > 19U)) {
        return false;
    }
    for (; at < end; at++) {
        if ((value.data[at] < (uint8_t)'0') || (value.data[at] > (uint8_t)'9')) {
            return false;
        }
        *number = (*number * 10U) + ((uint64_t)value.data[at] - (uint64_t)'0');
    }
    return true;
}
