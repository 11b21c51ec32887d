#include "iotflow/json.h"

static bool is_space(uint8_t byte) { return (byte == 32U) || ((byte >= 9U) && (byte <= 13U)); }

static bool is_begin(uint8_t byte) { return (byte == (uint8_t)'{') || (byte == (uint8_t)'['); }

static bool is_end(uint8_t byte) { return (byte == (uint8_t)'}') || (byte == (uint8_t)']'); }

static bool is_behind_value(uint8_t byte) {
    return is_end(byte) || is_space(byte) || (byte == (uint8_t)',') || (byte == (uint8_t)':');
}

static void skip(iotflow_span *rest) {
    rest->data++;
    rest->size--;
}

/* Takes a value from the front of the rest. Brackets are counted, not matched. */
static void take_value(iotflow_span *rest, iotflow_span *value) {
    uint32_t depth = 0;
    bool quoted = false;
    *value = *rest;
    for (; rest->size > 0U; skip(rest)) {
        const uint8_t byte = *rest->data;
        if (quoted) {
            quoted = byte != (uint8_t)'"';
            if ((byte == (uint8_t)'\\') && (rest->size > 1U)) {
                skip(rest);
            }
        } else if ((depth == 0U) && is_behind_value(byte)) {
            break;
        } else {
            quoted = byte == (uint8_t)'"';
            depth += is_begin(byte) ? 1U : 0U;
            depth -= is_end(byte) ? 1U : 0U;
        }
    }
    value->size -= rest->size;
}

static void skip_space(iotflow_span *rest) {
    while ((rest->size > 0U) && is_space(*rest->data)) {
        skip(rest);
    }
}

/* Takes the byte, which must be the next one, and the space around it. */
static bool take(iotflow_span *rest, char byte) {
    skip_space(rest);
    if ((rest->size == 0U) || (*rest->data != (uint8_t)byte)) {
        return false;
    }
    skip(rest);
    skip_space(rest);
    return true;
}

/* Whether the bytes are the name in quotes. */
static bool is_name(iotflow_span quoted, const char *name) {
    if ((quoted.size != (iotflow_length(name) + 2U)) || (quoted.data[0] != (uint8_t)'"')) {
        return false;
    }
    quoted.size--;
    return iotflow_ends_with(quoted, name);
}

bool iotflow_json_find(iotflow_span object, const char *name, iotflow_span *value) {
    char before = '{';
    while (take(&object, before)) {
        iotflow_span member;
        iotflow_span found;
        take_value(&object, &member);
        if (!take(&object, ':')) {
            return false;
        }
        take_value(&object, &found);
        if ((found.size > 0U) && is_name(member, name)) {
            *value = found;
            return true;
        }
        before = ',';
    }
    return false;
}

static uint32_t hex_digit(uint8_t byte) { return (byte & 15U) + ((byte >= (uint8_t)'A') ? 9U : 0U); }

/* Takes the bytes of an escape behind the backslash. Returns its character. */
static char take_escape(iotflow_span *rest) {
    static const char escapes[] = "b\bf\fn\nr\rt\t";
    const char byte = (char)*rest->data;
    uint32_t code = 0;
    uint32_t i;
    skip(rest);
    for (i = 0; escapes[i] != '\0'; i += 2U) {
        if (escapes[i] == byte) {
            return escapes[i + 1U];
        }
    }
    if (byte != 'u') {
        return byte;
    }
    for (i = 0; (i < 4U) && (rest->size > 0U); i++) {
        code = (code << 4) | hex_digit(*rest->data);
        skip(rest);
    }
    return ((code > 0U) && (code < 128U)) ? (char)code : '?';
}

/* Leaves what is between the quotes. False: there are none. */
static bool unquote(iotflow_span *value) {
    if ((value->size < 2U) || (*value->data != (uint8_t)'"')) {
        return false;
    }
    skip(value);
    value->size--;
    return true;
}

bool iotflow_json_text(iotflow_span value, char *text, uint32_t size) {
    uint32_t used = 0;
    bool whole = unquote(&value);
    while (whole && (value.size > 0U)) {
        char letter = (char)*value.data;
        skip(&value);
        if ((letter == '\\') && (value.size > 0U)) {
            letter = take_escape(&value);
        }
        text[used] = letter;
        used++;
        whole = used < size;
    }
    text[whole ? used : 0U] = '\0';
    return whole;
}

bool iotflow_json_number(iotflow_span value, uint64_t *number) {
    (void)unquote(&value);
    *number = 0;
    if ((value.size == 0U) || (value.size > 19U)) {
        return false;
    }
    for (; value.size > 0U; skip(&value)) {
        const uint32_t digit = (uint32_t)*value.data - (uint32_t)'0';
        if (digit > 9U) {
            return false;
        }
        *number = (*number * 10U) + digit;
    }
    return true;
}
