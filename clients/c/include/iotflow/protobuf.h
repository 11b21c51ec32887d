/** The wire format of protobuf: a writer into a sink, and a reader of fields in memory. */
#ifndef IOTFLOW_PROTOBUF_H
#define IOTFLOW_PROTOBUF_H

#include "iotflow/span.h"
#include "iotflow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { IOTFLOW_WIRE_VARINT = 0, IOTFLOW_WIRE_FIXED64 = 1, IOTFLOW_WIRE_BYTES = 2, IOTFLOW_WIRE_FIXED32 = 5 };
/* The largest varint. */
enum { IOTFLOW_VARINT_BYTES = 10 };

/** Takes bytes in order. The first status that is not IOTFLOW_OK is kept, and later bytes are ignored. */
typedef struct {
    iotflow_status (*write)(void *context, const uint8_t *data, uint32_t size);
    void *context;
    iotflow_status status;
} iotflow_sink;

/** A field. number: for varints and fixed values; bytes: for strings, bytes, messages and packed values. */
typedef struct {
    uint32_t id;
    uint8_t wire;
    uint64_t number;
    iotflow_span bytes;
} iotflow_field;

/** Writes a varint into memory; returns the number of its bytes, 1 to 10. */
uint32_t iotflow_varint(uint8_t *to, uint64_t value);
void iotflow_put_bytes(iotflow_sink *sink, const void *data, uint32_t size);
void iotflow_put_varint(iotflow_sink *sink, uint64_t value);
void iotflow_put_tag(iotflow_sink *sink, uint32_t id, uint32_t wire);
/** Number of bytes of a varint. */
uint32_t iotflow_varint_size(uint64_t value);

/** Takes a varint from the front of rest. False: it is incomplete or longer than 10 bytes. */
bool iotflow_take_varint(iotflow_span *rest, uint64_t *value);
/** Takes the next field from the front of rest. IOTFLOW_AGAIN: none is left. IOTFLOW_PROTOCOL_ERROR: malformed. */
iotflow_status iotflow_take_field(iotflow_span *rest, iotflow_field *field);

#ifdef __cplusplus
}
#endif

#endif
