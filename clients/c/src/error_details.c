#include "iotflow/error_details.h"

#include <string.h>

/* Fields of Status, Any, ErrorInfo, its entries of metadata, BadRequest, its violations, RetryInfo and Duration. */
enum { STATUS_DETAILS = 3, ANY_TYPE = 1, ANY_VALUE = 2, INFO_REASON = 1, INFO_METADATA = 3, ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { BAD_VIOLATIONS = 1, VIOLATION_FIELD = 1 };
enum { RETRY_DELAY = 1, DURATION_SECONDS = 1, DURATION_NANOS = 2 };
enum { LONGEST_SECONDS = 3600, NANOS_OF_SECOND = 1000000000 };

void iotflow_error_begin(iotflow_error *error, uint32_t code) {
    (void)memset(error, 0, sizeof *error);
    error->code = code;
    error->retryable = iotflow_is_retryable(code);
}

bool iotflow_is_retryable(uint32_t code) {
    switch (code) {
        case 1:
        case 2:
        case 4:
        case 10:
        case 13:
        case 14:
            return true;
        default:
            return false;
    }
}

static uint32_t digit_of(char letter) {
    if ((letter >= 'A') && (letter <= 'Z')) {
        return (uint32_t)letter - (uint32_t)'A';
    }
    if ((letter >= 'a') && (letter <= 'z')) {
        return (uint32_t)letter - (uint32_t)'a' + 26U;
    }
    if ((letter >= '0') && (letter <= '9')) {
        return (uint32_t)letter - (uint32_t)'0' + 52U;
    }
    if ((letter == '+') || (letter == '-')) {
        return 62U;
    }
    return ((letter == '/') || (letter == '_')) ? 63U : 64U;
}

/* Base64 in place. */
static iotflow_span decoded(char *text) {
    iotflow_span bytes;
    uint32_t bits = 0;
    uint32_t count = 0;
    const char *from = text;
    uint8_t *to = (uint8_t *)text;
    bytes.data = to;
    for (; digit_of(*from) < 64U; from++) {
        bits = (bits << 6) | digit_of(*from);
        count += 6U;
        if (count >= 8U) {
            count -= 8U;
            *to = (uint8_t)(bits >> count);
            to++;
        }
    }
    bytes.size = (size_t)(to - bytes.data);
    return bytes;
}

static bool is_text(iotflow_span bytes, const char *text) {
    return (bytes.size == iotflow_length(text)) && iotflow_ends_with(bytes, text);
}

static void copy_text(iotflow_span from, char *to, size_t size) {
    const size_t part = (from.size < (size - 1U)) ? from.size : (size - 1U);
    (void)memcpy(to, from.data, part);
    to[part] = '\0';
}

/* The field with this number, as bytes or a number; the last one counts. */
static bool find_field(iotflow_span message, uint32_t id, iotflow_field *found) {
    iotflow_field field;
    bool any = false;
    while (iotflow_take_field(&message, &field) == IOTFLOW_OK) {
        if (field.id == id) {
            *found = field;
            any = true;
        }
    }
    return any;
}

static void take_fact(iotflow_error *error, iotflow_span entry) {
    iotflow_field key;
    iotflow_field value;
    if (!find_field(entry, ENTRY_KEY, &key) || !find_field(entry, ENTRY_VALUE, &value)) {
        return;
    }
    if (is_text(key.bytes, "retryable")) {
        error->retryable = is_text(value.bytes, "true");
    } else if (is_text(key.bytes, "field")) {
        copy_text(value.bytes, error->field, sizeof error->field);
    } else {
        /* Another fact. */
    }
}

static void take_info(iotflow_error *error, iotflow_span info) {
    iotflow_field field;
    while (iotflow_take_field(&info, &field) == IOTFLOW_OK) {
        if (field.id == (uint32_t)INFO_REASON) {
            copy_text(field.bytes, error->reason, sizeof error->reason);
        } else if (field.id == (uint32_t)INFO_METADATA) {
            take_fact(error, field.bytes);
        } else {
            /* The domain. */
        }
    }
}

/* The last field that is invalid; the server names one. */
static void take_bad_request(iotflow_error *error, iotflow_span bad) {
    iotflow_field violation;
    iotflow_field field;
    if (find_field(bad, BAD_VIOLATIONS, &violation) && find_field(violation.bytes, VIOLATION_FIELD, &field)) {
        copy_text(field.bytes, error->field, sizeof error->field);
    }
}

static void take_retry(iotflow_error *error, iotflow_span retry) {
    iotflow_field delay;
    iotflow_field seconds;
    iotflow_field nanos;
    if (find_field(retry, RETRY_DELAY, &delay)) {
        seconds.number = 0;
        nanos.number = 0;
        (void)find_field(delay.bytes, DURATION_SECONDS, &seconds);
        (void)find_field(delay.bytes, DURATION_NANOS, &nanos);
        error->retry_after_ms = iotflow_retry_after(seconds.number, nanos.number);
    }
}

/* Negative numbers are the largest ones here. */
uint32_t iotflow_retry_after(uint64_t seconds, uint64_t nanos) {
    if ((seconds > (uint64_t)INT64_MAX) || (nanos >= (uint64_t)NANOS_OF_SECOND)) {
        return 0;
    }
    return (seconds >= (uint64_t)LONGEST_SECONDS) ? ((uint32_t)LONGEST_SECONDS * 1000U)
                                                  : (((uint32_t)seconds * 1000U) + ((uint32_t)nanos / 1000000U));
}

void iotflow_error_details(iotflow_error *error, char *text) {
    iotflow_span status = decoded(text);
    iotflow_field field;
    while (iotflow_take_field(&status, &field) == IOTFLOW_OK) {
        iotflow_field type;
        iotflow_field value;
        if ((field.id != (uint32_t)STATUS_DETAILS) || !find_field(field.bytes, ANY_TYPE, &type) ||
            !find_field(field.bytes, ANY_VALUE, &value)) {
            continue;
        }
        if (iotflow_ends_with(type.bytes, "/google.rpc.ErrorInfo")) {
            take_info(error, value.bytes);
        } else if (iotflow_ends_with(type.bytes, "/google.rpc.BadRequest")) {
            take_bad_request(error, value.bytes);
        } else if (iotflow_ends_with(type.bytes, "/google.rpc.RetryInfo")) {
            take_retry(error, value.bytes);
        } else {
            /* A detail that devices do not need. */
        }
    }
}
