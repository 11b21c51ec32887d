/** Rows in memory that the application gives, and their encoding as iotflow.v1.TelemetryBatch. */
#ifndef IOTFLOW_BATCH_H
#define IOTFLOW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iotflow/protobuf.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    IOTFLOW_NONE = 0,
    IOTFLOW_DOUBLE = 3,
    IOTFLOW_FLOAT = 4,
    IOTFLOW_INT64 = 5,
    IOTFLOW_INT32 = 6,
    IOTFLOW_BOOL = 7,
    IOTFLOW_STRING = 8
} iotflow_type;

/** A measurement: 1 to 128 visible characters, zero-terminated, and the type of all its values. */
typedef struct {
    const char *measurement;
    iotflow_type type;
} iotflow_column;

/** A value, made by the functions below. bits: of a number as it is stored, or the length of a text. NaN is no value. */
typedef struct {
    iotflow_type type;
    const char *text;
    uint64_t bits;
} iotflow_value;

iotflow_value iotflow_none(void);
iotflow_value iotflow_double(double value);
iotflow_value iotflow_float(float value);
iotflow_value iotflow_int64(int64_t value);
iotflow_value iotflow_int32(int32_t value);
iotflow_value iotflow_bool(bool value);
/** value: zero-terminated. It is copied when the row is added. */
iotflow_value iotflow_string(const char *value);

/**
 * At most 255 columns. memory holds the rows: for the time and each value 2 bytes and the value as it is sent. A time takes 6
 * bytes, a double 8, a float 4, a boolean 1, an integer 1 to 10, a text up to 4 bytes more than itself.
 */
typedef struct {
    const iotflow_column *columns;
    uint32_t column_count;
    uint8_t *memory;
    uint32_t memory_size;
    uint32_t used;
    uint32_t rows;
    /** Upper bound of the encoded size. */
    uint32_t bound;
    /** The rows have no times: the server assigns them. */
    bool server_times;
} iotflow_batch;

/** An empty batch. */
void iotflow_batch_begin(iotflow_batch *batch, const iotflow_column *columns, uint32_t count, void *memory, uint32_t size);
/**
 * Adds a row: one value for each column. limit: of the encoded size. Returns IOTFLOW_INVALID_ARGUMENT for a value of
 * another type than its column and for a row without any value, IOTFLOW_TOO_LARGE without effect if memory or limit do not
 * suffice.
 */
iotflow_status iotflow_batch_add(iotflow_batch *batch, int64_t timestamp, const iotflow_value *values, uint32_t limit);
/** Writes the message. The same batch gives the same bytes each time. */
void iotflow_batch_encode(const iotflow_batch *batch, uint32_t sequence, iotflow_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
