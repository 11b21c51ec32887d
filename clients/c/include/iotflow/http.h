/** Reads an answer of HTTP/1.1 that holds gRPC-Web, byte by byte. */
#ifndef IOTFLOW_HTTP_H
#define IOTFLOW_HTTP_H

#include "iotflow/error_details.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a line of headers or trailers that are looked at. The details of errors are the longest: 400 to 700 bytes. */
#ifndef IOTFLOW_LINE_BYTES
#    define IOTFLOW_LINE_BYTES 768
#endif

/** An answer. Its message is collected in memory; of several messages, each is given to message before the next. */
typedef struct {
    uint8_t *memory;
    uint32_t size;
    /** Called with each message. IOTFLOW_TOO_LARGE: it did not fit, and this is its begin. */
    void (*message)(void *context, iotflow_status status, iotflow_span message);
    void *context;
    /** gRPC's error; its code is 0 after a success, and 255 while there is none. */
    iotflow_error error;
    /** The message did not fit. */
    bool cut;
    /** The status of HTTP, and whether the connection ends with the answer. */
    uint32_t http_status;
    bool closes;
    uint8_t part;
    uint8_t frame;
    uint8_t flag;
    bool chunked;
    /** Bytes left of the body or the chunk, and of the frame; bytes got of the line and of the message. */
    uint32_t body_left;
    uint32_t frame_left;
    uint32_t line_used;
    uint32_t got;
    char line[IOTFLOW_LINE_BYTES];
} iotflow_http_answer;

/** Waits for an answer. memory, message and context must be set. */
void iotflow_http_begin(iotflow_http_answer *answer);
/** Takes a byte. IOTFLOW_OK: the answer is complete. IOTFLOW_AGAIN: it is not. IOTFLOW_PROTOCOL_ERROR: malformed. */
iotflow_status iotflow_http_take(iotflow_http_answer *answer, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
