#include "iotflow/batch.h"

#include <string.h>

/* Fields of TelemetryBatch and Column. The types of values have the numbers of their fields. */
enum { SEQUENCE = 1, TIMESTAMPS = 3, COLUMNS = 4, SERVER_TIMES = 6 };
enum { MEASUREMENT = 1, VALIDITY = 2 };
/* Tags and lengths of a column: its own 6, name 3, validity 6, values 6; and of the batch: sequence 6, times 6, flag 2. */
enum { COLUMN_OVERHEAD = 21, BATCH_OVERHEAD = 14 };

static iotflow_value make(iotflow_type type, uint64_t bits) {
    iotflow_value made;
    made.type = type;
    made.text = NULL;
    made.bits = bits;
    return made;
}

iotflow_value iotflow_none(void) { return make(IOTFLOW_NONE, 0); }

/* NaN is found without arithmetic of doubles, which costs flash where the processor has none. */
iotflow_value iotflow_double(double value) {
    uint64_t bits;
    (void)memcpy(&bits, &value, sizeof bits);
    return ((bits << 1) <= 0xffe0000000000000U) ? make(IOTFLOW_DOUBLE, bits) : iotflow_none();
}

iotflow_value iotflow_float(float value) {
    uint32_t bits;
    (void)memcpy(&bits, &value, sizeof bits);
    return ((bits << 1) <= 0xff000000U) ? make(IOTFLOW_FLOAT, bits) : iotflow_none();
}

iotflow_value iotflow_int64(int64_t value) { return make(IOTFLOW_INT64, (uint64_t)value); }

iotflow_value iotflow_int32(int32_t value) { return make(IOTFLOW_INT32, (uint64_t)value); }

iotflow_value iotflow_bool(bool value) { return make(IOTFLOW_BOOL, value ? 1U : 0U); }

iotflow_value iotflow_string(const char *value) {
    iotflow_value made = make(IOTFLOW_STRING, iotflow_length(value));
    made.text = value;
    return made;
}

/* A row in memory: the cell of its time, and then one for each column. A cell has 2 bytes of length, and the value as it stands
   in the message; of a text also its tag and length. Length 0: the row has no value, and the message a placeholder. */

enum { CELL_HEAD = 2, LARGEST_CELL = 65535 };

static uint32_t width(iotflow_type type) {
    if (type == IOTFLOW_DOUBLE) {
        return 8;
    }
    return (type == IOTFLOW_FLOAT) ? 4U : 0U;
}

/* Bytes of a value in the message. */
static uint32_t encoded_size(iotflow_type type, uint64_t bits) {
    const uint32_t fixed = width(type);
    if (fixed > 0U) {
        return fixed;
    }
    return iotflow_varint_size(bits) + ((type == IOTFLOW_STRING) ? (1U + (uint32_t)bits) : 0U);
}

static uint32_t load_size(const uint8_t *cell) { return (uint32_t)cell[0] | ((uint32_t)cell[1] << 8); }

static uint8_t *store_size(uint8_t *cell, uint32_t size) {
    cell[0] = (uint8_t)size;
    cell[1] = (uint8_t)(size >> 8);
    return cell + CELL_HEAD + size;
}

/* Writes a cell, and returns its end. */
static uint8_t *store(uint8_t *cell, const iotflow_value *value) {
    uint8_t *to = cell + CELL_HEAD;
    uint64_t bits = value->bits;
    uint32_t left = width(value->type);
    if (left > 0U) {
        for (; left > 0U; left--) {
            *to = (uint8_t)bits;
            to++;
            bits >>= 8;
        }
    } else {
        if (value->type == IOTFLOW_STRING) {
            *to = ((uint32_t)IOTFLOW_STRING << 3) | (uint32_t)IOTFLOW_WIRE_BYTES;
            to++;
        }
        to += iotflow_varint(to, bits);
        if (value->type == IOTFLOW_STRING) {
            (void)memcpy(to, value->text, (size_t)bits);
            to += bits;
        }
    }
    return store_size(cell, (uint32_t)(to - cell) - (uint32_t)CELL_HEAD);
}

void iotflow_batch_begin(iotflow_batch *batch, const iotflow_column *columns, uint32_t count, void *memory, uint32_t size) {
    uint32_t i;
    batch->columns = columns;
    batch->column_count = count;
    batch->memory = (uint8_t *)memory;
    batch->memory_size = size;
    batch->used = 0;
    batch->rows = 0;
    batch->bound = BATCH_OVERHEAD;
    batch->server_times = false;
    for (i = 0; i < count; i++) {
        batch->bound += COLUMN_OVERHEAD + (uint32_t)iotflow_length(columns[i].measurement);
    }
}

iotflow_status iotflow_batch_add(iotflow_batch *batch, int64_t timestamp, const iotflow_value *values, uint32_t limit) {
    const iotflow_value time = iotflow_int64(timestamp);
    uint32_t size = encoded_size(IOTFLOW_INT64, time.bits);
    /* The bitmap has one byte for eight rows. */
    const uint32_t validity = ((batch->rows & 7U) == 0U) ? batch->column_count : 0U;
    uint8_t *to = batch->memory + batch->used;
    bool any = false;
    uint32_t i;
    for (i = 0; i < batch->column_count; i++) {
        const iotflow_type type = batch->columns[i].type;
        if (values[i].type == type) {
            any = true;
        } else if (values[i].type != IOTFLOW_NONE) {
            return IOTFLOW_INVALID_ARGUMENT;
        } else {
            /* The row has no value here. */
        }
        if ((values[i].bits >= ((uint64_t)LARGEST_CELL - 4U)) && (type == IOTFLOW_STRING)) {
            return IOTFLOW_TOO_LARGE;
        }
        size += encoded_size(type, values[i].bits);
    }
    if (!any) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    if (((size + ((batch->column_count + 1U) * (uint32_t)CELL_HEAD)) > (batch->memory_size - batch->used)) ||
        (batch->bound > limit) || ((size + validity) > (limit - batch->bound))) {
        return IOTFLOW_TOO_LARGE;
    }
    to = store(to, &time);
    for (i = 0; i < batch->column_count; i++) {
        to = (values[i].type == IOTFLOW_NONE) ? store_size(to, 0) : store(to, &values[i]);
    }
    batch->used = (uint32_t)(to - batch->memory);
    batch->bound += size + validity;
    batch->rows++;
    return IOTFLOW_OK;
}

static const uint8_t *skip_cells(const uint8_t *cell, uint32_t count) {
    for (; count > 0U; count--) {
        cell += CELL_HEAD + load_size(cell);
    }
    return cell;
}

/* The times are the column before the first one. */
enum { TIMES = 0, FIRST_COLUMN = 1 };

/* Takes a value of a row as it stands in the message, and moves to the next row. False: it is a placeholder. */
static bool take_value(const iotflow_batch *batch, const uint8_t **row, uint32_t column, iotflow_span *value) {
    static const uint8_t zeros[8] = {0};
    static const uint8_t empty_text[2] = {((uint32_t)IOTFLOW_STRING << 3) | (uint32_t)IOTFLOW_WIRE_BYTES, 0};
    const uint8_t *cell = skip_cells(*row, column);
    *row = skip_cells(cell, batch->column_count + 1U - column);
    value->data = cell + CELL_HEAD;
    value->size = load_size(cell);
    if (value->size > 0U) {
        return true;
    }
    {
        const iotflow_type type = batch->columns[column - (uint32_t)FIRST_COLUMN].type;
        value->data = (type == IOTFLOW_STRING) ? empty_text : zeros;
        value->size = encoded_size(type, 0);
    }
    return false;
}

/* Sizes of a column's parts. present: number of its values. */
typedef struct {
    uint32_t validity;
    uint32_t values;
    uint32_t present;
} extent;

static extent measure(const iotflow_batch *batch, uint32_t column) {
    const uint8_t *row = batch->memory;
    extent size = {0, 0, 0};
    uint32_t i;
    for (i = 0; i < batch->rows; i++) {
        iotflow_span value;
        size.present += take_value(batch, &row, column, &value) ? 1U : 0U;
        size.values += (uint32_t)value.size;
    }
    size.validity = (size.present == batch->rows) ? 0U : ((batch->rows + 7U) / 8U);
    return size;
}

static uint32_t part_size(uint32_t size) { return (size == 0U) ? 0U : (1U + iotflow_varint_size(size) + size); }

static void put_head(iotflow_sink *sink, uint32_t field, uint32_t size) {
    iotflow_put_tag(sink, field, IOTFLOW_WIRE_BYTES);
    iotflow_put_varint(sink, size);
}

static void put_validity(const iotflow_batch *batch, uint32_t column, iotflow_sink *sink) {
    const uint8_t *row = batch->memory;
    uint8_t byte = 0;
    uint32_t i;
    for (i = 0; i < batch->rows; i++) {
        iotflow_span value;
        byte = (uint8_t)(byte | ((take_value(batch, &row, column, &value) ? 1U : 0U) << (i & 7U)));
        if (((i & 7U) == 7U) || ((i + 1U) == batch->rows)) {
            iotflow_put_bytes(sink, &byte, 1);
            byte = 0;
        }
    }
}

static void put_values(const iotflow_batch *batch, uint32_t column, iotflow_sink *sink) {
    const uint8_t *row = batch->memory;
    uint32_t i;
    for (i = 0; i < batch->rows; i++) {
        iotflow_span value;
        (void)take_value(batch, &row, column, &value);
        iotflow_put_bytes(sink, value.data, (uint32_t)value.size);
    }
}

static void put_column(const iotflow_batch *batch, uint32_t column, iotflow_sink *sink) {
    const iotflow_column *about = &batch->columns[column - (uint32_t)FIRST_COLUMN];
    const extent size = measure(batch, column);
    const uint32_t name = (uint32_t)iotflow_length(about->measurement);
    const bool packed = about->type != IOTFLOW_STRING;
    if (size.present == 0U) {
        return;
    }
    put_head(sink, COLUMNS, part_size(name) + part_size(size.validity) + (packed ? part_size(size.values) : size.values));
    put_head(sink, MEASUREMENT, name);
    iotflow_put_bytes(sink, about->measurement, name);
    if (size.validity > 0U) {
        put_head(sink, VALIDITY, size.validity);
        put_validity(batch, column, sink);
    }
    if (packed) {
        put_head(sink, (uint32_t)about->type, size.values);
    }
    put_values(batch, column, sink);
}

void iotflow_batch_encode(const iotflow_batch *batch, uint32_t sequence, iotflow_sink *sink) {
    uint32_t i;
    if (sequence > 0U) {
        iotflow_put_tag(sink, SEQUENCE, IOTFLOW_WIRE_VARINT);
        iotflow_put_varint(sink, sequence);
    }
    put_head(sink, TIMESTAMPS, measure(batch, TIMES).values);
    put_values(batch, TIMES, sink);
    for (i = FIRST_COLUMN; i <= batch->column_count; i++) {
        put_column(batch, i, sink);
    }
    if (batch->server_times) {
        iotflow_put_tag(sink, SERVER_TIMES, IOTFLOW_WIRE_VARINT);
        iotflow_put_varint(sink, 1);
    }
}
