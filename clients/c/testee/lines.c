#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool is_null(iotflow_span value) { return (value.size >= 4U) && (memcmp(value.data, "null", 4) == 0); }

double member_number(iotflow_span object, const char *name, double absent) {
    iotflow_span value;
    return (iotflow_json_find(object, name, &value) && !is_null(value)) ? strtod((const char *)value.data, NULL) : absent;
}

static unsigned escape(const char *at) {
    char digits[5] = {at[0], at[1], at[2], at[3], '\0'};
    return (unsigned)strtoul(digits, NULL, 16);
}

static char *put_utf8(char *to, unsigned code) {
    if (code < 0x80U) {
        *to++ = (char)code;
    } else if (code < 0x800U) {
        *to++ = (char)(0xc0U | (code >> 6));
        *to++ = (char)(0x80U | (code & 63U));
    } else if (code < 0x10000U) {
        *to++ = (char)(0xe0U | (code >> 12));
        *to++ = (char)(0x80U | ((code >> 6) & 63U));
        *to++ = (char)(0x80U | (code & 63U));
    } else {
        *to++ = (char)(0xf0U | (code >> 18));
        *to++ = (char)(0x80U | ((code >> 12) & 63U));
        *to++ = (char)(0x80U | ((code >> 6) & 63U));
        *to++ = (char)(0x80U | (code & 63U));
    }
    return to;
}

char *text_of(iotflow_span value) {
    const char *at = (const char *)value.data + 1;
    const char *end = (const char *)value.data + value.size - 1;
    char *text;
    char *to;
    if ((value.size < 2U) || (value.data[0] != '"')) {
        return NULL;
    }
    text = (char *)malloc(value.size);
    to = text;
    while ((text != NULL) && (at < end)) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] == 'u') {
            unsigned code = escape(at + 2);
            at += 6;
            if ((code >= 0xd800U) && (code < 0xdc00U)) {
                code = 0x10000U + ((code & 0x3ffU) << 10) + (escape(at + 2) & 0x3ffU);
                at += 6;
            }
            to = put_utf8(to, code);
        } else {
            *to++ = (at[1] == 'n') ? '\n' : ((at[1] == 't') ? '\t' : at[1]);
            at += 2;
        }
    }
    if (text != NULL) {
        *to = '\0';
    }
    return text;
}

char *member_text(iotflow_span object, const char *name) {
    iotflow_span value;
    return iotflow_json_find(object, name, &value) ? text_of(value) : NULL;
}

int64_t integer_of(iotflow_span value) {
    return strtoll((const char *)value.data + ((value.data[0] == '"') ? 1 : 0), NULL, 10);
}

static void skip(iotflow_span *rest, size_t count) {
    rest->data += count;
    rest->size -= count;
}

static void take_value(iotflow_span *rest, iotflow_span *value) {
    size_t at = 0;
    unsigned depth = 0;
    bool quoted = false;
    while (at < rest->size) {
        const uint8_t byte = rest->data[at];
        if (quoted) {
            at += (byte == '\\') ? 1U : 0U;
            quoted = byte != '"';
        } else if (byte == '"') {
            quoted = true;
        } else if ((byte == '[') || (byte == '{')) {
            depth++;
        } else if ((depth == 0U) && ((byte == ',') || (byte == ']') || (byte == '}') || (byte == ':'))) {
            break;
        } else if ((byte == ']') || (byte == '}')) {
            depth--;
        }
        at++;
    }
    value->data = rest->data;
    value->size = at;
    skip(rest, at);
}

bool next_element(iotflow_span *rest, iotflow_span *value) {
    if ((rest->size < 2U) || (rest->data[1] == ']') || (rest->data[1] == '}')) {
        return false;
    }
    /* The bracket or the comma before it. */
    skip(rest, 1);
    take_value(rest, value);
    return true;
}

bool next_member(iotflow_span *rest, iotflow_span *name, iotflow_span *value) {
    return next_element(rest, name) && next_element(rest, value);
}

void escape_text(const char *from, char *to) {
    for (; *from != '\0'; from++) {
        if ((*from == '"') || (*from == '\\')) {
            *to++ = '\\';
        }
        *to++ = ((unsigned char)*from < 32U) ? ' ' : *from;
    }
    *to = '\0';
}

void write_line(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
}

static void write_error_of_field(int64_t id, const char *code, const char *reason, const char *message, const char *field,
                                 bool retryable) {
    write_line(
        "{\"id\":%lld,\"error\":{\"code\":\"%s\",\"reason\":\"%s\",\"message\":\"%s\",\"field\":\"%s\",\"retryable\":%s,"
        "\"retry_after\":null,\"request_id\":\"\"}}",
        (long long)id, code, reason, message, field, retryable ? "true" : "false");
}

void write_error(int64_t id, const char *code, const char *reason, const char *message, bool retryable) {
    write_error_of_field(id, code, reason, message, "", retryable);
}

void write_key_error(int64_t id, const char *field) {
    write_error_of_field(id, "INVALID_ARGUMENT", "", "It has to be of printable ASCII characters without spaces.", field, false);
}

const char *code_name(uint32_t code) {
    static const char *const names[] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    return (code < (sizeof names / sizeof *names)) ? names[code] : "UNAVAILABLE";
}
