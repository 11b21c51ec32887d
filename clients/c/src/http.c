#include "iotflow/http.h"

#include <string.h>

enum { STATUS_LINE, HEADERS, BODY, CHUNK_SIZE, CHUNK_END, LAST_LINES };
/* Where a frame is: byte 0 to 4 of its head, or its content. */
enum { FRAME_CONTENT = 5, TRAILERS = 0x80, NO_STATUS = 255 };

void iotflow_http_begin(iotflow_http_answer *answer) {
    iotflow_error_begin(&answer->error, NO_STATUS);
    answer->error.retryable = true;
    answer->cut = false;
    answer->http_status = 0;
    answer->closes = false;
    answer->part = STATUS_LINE;
    answer->frame = 0;
    answer->chunked = false;
    answer->body_left = 0;
    answer->frame_left = 0;
    answer->line_used = 0;
    answer->got = 0;
}

static char lower(char letter) { return ((letter >= 'A') && (letter <= 'Z')) ? (char)(letter + ('a' - 'A')) : letter; }

/* The value of a header with this name, or null. */
static const char *value_of(const char *line, const char *name) {
    while (*name != '\0') {
        if (lower(*line) != *name) {
            return NULL;
        }
        line++;
        name++;
    }
    if (*line != ':') {
        return NULL;
    }
    line++;
    while (*line == ' ') {
        line++;
    }
    return line;
}

/* Where the value begins, or 0. */
static uint32_t find_value(const char *line, const char *name) {
    const char *value = value_of(line, name);
    return (value == NULL) ? 0U : (uint32_t)(value - line);
}

static uint32_t decimal(const char *text) {
    uint32_t value = 0;
    while ((*text >= '0') && (*text <= '9') && (value < 100000000U)) {
        value = (value * 10U) + ((uint32_t)*text - (uint32_t)'0');
        text++;
    }
    return value;
}

static iotflow_status hexadecimal(const char *text, uint32_t *value) {
    *value = 0;
    for (; (*text != '\0') && (*text != ';') && (*text != ' '); text++) {
        const char digit = lower(*text);
        const bool letter = (digit >= 'a') && (digit <= 'f');
        if ((!letter && ((digit < '0') || (digit > '9'))) || (*value > 0xffffffU)) {
            return IOTFLOW_PROTOCOL_ERROR;
        }
        *value = (*value << 4) | (letter ? ((uint32_t)digit - (uint32_t)'a' + 10U) : ((uint32_t)digit - (uint32_t)'0'));
    }
    return IOTFLOW_OK;
}

static uint32_t hex_digit(char letter) {
    return (letter <= '9') ? ((uint32_t)letter - (uint32_t)'0') : ((uint32_t)lower(letter) - (uint32_t)'a' + 10U);
}

/* Copies a value, cut off at size; of `%`, two digits follow. */
static void copy_value(const char *from, char *to, uint32_t size) {
    uint32_t used = 0;
    while ((*from != '\0') && ((used + 1U) < size)) {
        if ((from[0] == '%') && (from[1] != '\0') && (from[2] != '\0')) {
            to[used] = (char)((hex_digit(from[1]) << 4) | (hex_digit(from[2]) & 15U));
            from += 3;
        } else {
            to[used] = *from;
            from++;
        }
        used++;
    }
    to[used] = '\0';
}

/* A header or trailer that tells about an error. */
static void take_error(iotflow_http_answer *answer) {
    iotflow_error *error = &answer->error;
    uint32_t at = find_value(answer->line, "grpc-status-details-bin");
    const char *value = value_of(answer->line, "grpc-status");
    if (at != 0U) {
        iotflow_error_details(error, answer->line + at);
    }
    if (value != NULL) {
        error->code = decimal(value);
        /* The details have the server's word. */
        error->retryable = (error->reason[0] == '\0') ? iotflow_is_retryable(error->code) : error->retryable;
    }
    value = value_of(answer->line, "grpc-message");
    if (value != NULL) {
        copy_value(value, error->message, sizeof error->message);
    }
    value = value_of(answer->line, "x-request-id");
    if (value != NULL) {
        copy_value(value, error->request_id, sizeof error->request_id);
    }
    value = value_of(answer->line, "retry-after");
    if ((value != NULL) && (error->retry_after_ms == 0U)) {
        error->retry_after_ms = iotflow_retry_after(decimal(value), 0);
    }
}

static void take_header(iotflow_http_answer *answer) {
    const char *value = value_of(answer->line, "content-length");
    if (value != NULL) {
        answer->body_left = decimal(value);
    }
    value = value_of(answer->line, "transfer-encoding");
    answer->chunked = answer->chunked || ((value != NULL) && (strncmp(value, "chunked", 7) == 0));
    value = value_of(answer->line, "connection");
    answer->closes = answer->closes || ((value != NULL) && (strncmp(value, "close", 5) == 0));
    take_error(answer);
}

static iotflow_status end_headers(iotflow_http_answer *answer) {
    if (answer->chunked) {
        answer->part = CHUNK_SIZE;
        return IOTFLOW_AGAIN;
    }
    answer->part = BODY;
    return (answer->body_left == 0U) ? IOTFLOW_OK : IOTFLOW_AGAIN;
}

static iotflow_status end_line(iotflow_http_answer *answer) {
    const bool empty = answer->line[0] == '\0';
    switch (answer->part) {
        case STATUS_LINE:
            if (strncmp(answer->line, "HTTP/1.", 7) != 0) {
                return IOTFLOW_PROTOCOL_ERROR;
            }
            answer->http_status = (iotflow_length(answer->line) > 9U) ? decimal(answer->line + 9) : 0U;
            answer->part = HEADERS;
            return IOTFLOW_AGAIN;
        case HEADERS:
            if (empty) {
                return end_headers(answer);
            }
            take_header(answer);
            return IOTFLOW_AGAIN;
        case CHUNK_SIZE:
            if (hexadecimal(answer->line, &answer->body_left) != IOTFLOW_OK) {
                return IOTFLOW_PROTOCOL_ERROR;
            }
            answer->part = (answer->body_left == 0U) ? (uint8_t)LAST_LINES : (uint8_t)BODY;
            return IOTFLOW_AGAIN;
        case CHUNK_END:
            answer->part = CHUNK_SIZE;
            return empty ? IOTFLOW_AGAIN : IOTFLOW_PROTOCOL_ERROR;
        default:
            return empty ? IOTFLOW_OK : IOTFLOW_AGAIN;
    }
}

/* Collects a line without its end; what is longer is left out. */
static bool take_line(iotflow_http_answer *answer, uint8_t byte) {
    if (byte == (uint8_t)'\n') {
        answer->line[answer->line_used] = '\0';
        answer->line_used = 0;
        return true;
    }
    if ((byte != (uint8_t)'\r') && (byte != 0U) && (answer->line_used < ((uint32_t)IOTFLOW_LINE_BYTES - 1U))) {
        answer->line[answer->line_used] = (char)byte;
        answer->line_used++;
    }
    return false;
}

static void end_frame(iotflow_http_answer *answer) {
    const bool whole = answer->got <= answer->size;
    iotflow_span message;
    message.data = answer->memory;
    message.size = whole ? answer->got : answer->size;
    answer->frame = 0;
    answer->cut = answer->cut || !whole;
    if ((answer->flag & (uint8_t)TRAILERS) == 0U) {
        answer->message(answer->context, whole ? IOTFLOW_OK : IOTFLOW_TOO_LARGE, message);
    }
}

static void take_content(iotflow_http_answer *answer, uint8_t byte) {
    if (answer->frame < (uint8_t)FRAME_CONTENT) {
        answer->flag = (answer->frame == 0U) ? byte : answer->flag;
        answer->frame_left = (answer->frame == 0U) ? 0U : ((answer->frame_left << 8) | byte);
        answer->frame++;
        answer->got = 0;
        if ((answer->frame < (uint8_t)FRAME_CONTENT) || (answer->frame_left > 0U)) {
            return;
        }
    } else {
        if ((answer->flag & (uint8_t)TRAILERS) != 0U) {
            if (take_line(answer, byte)) {
                take_header(answer);
            }
        } else if (answer->got < answer->size) {
            answer->memory[answer->got] = byte;
        } else {
            /* It does not fit; the rest is counted only. */
        }
        answer->got++;
        answer->frame_left--;
    }
    if (answer->frame_left == 0U) {
        end_frame(answer);
    }
}

iotflow_status iotflow_http_take(iotflow_http_answer *answer, uint8_t byte) {
    if (answer->part != (uint8_t)BODY) {
        return take_line(answer, byte) ? end_line(answer) : IOTFLOW_AGAIN;
    }
    answer->body_left--;
    {
        /* Trailers may have the names of headers that describe the body. */
        const uint32_t left = answer->body_left;
        take_content(answer, byte);
        answer->body_left = left;
    }
    if (answer->body_left > 0U) {
        return IOTFLOW_AGAIN;
    }
    answer->part = CHUNK_END;
    answer->line_used = 0;
    return answer->chunked ? IOTFLOW_AGAIN : IOTFLOW_OK;
}
