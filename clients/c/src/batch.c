#include "iotflow/batch.h"

#include <string.h>

/* Fields of TelemetryBatch and Column. The types of values have the numbers of their fields. */
enum { SEQUENCE = 1, TIMESTAMPS = 3, COLUMNS = 4, SERVER_TIMES = 6 };
enum { MEASUREMENT = 1, VALIDITY = 2 };
/* Tags and lengths of a column: its own 6, name 3, validity 6, values 6; and of the batch: sequence 6, times 6, flag 2. */
enum { COLUMN_OVERHEAD = 21, BATCH_OVERHEAD = 14 };

iotflow_value iotflow_none(void) {
    iotflow_value made;
    (void)memset(&made, 0, sizeof made);
    return made;
}

iotflow_value iotflow_double(double value) {
    iotflow_value made = iotflow_none();
    made.type = IOTFLOW_DOUBLE;
    made.of.real = value;
    return made;
}

iotflow_value iotflow_float(float value) {
    iotflow_value made = iotflow_none();
    made.type = IOTFLOW_FLOAT;
    made.of.small_real = value;
    return made;
}

iotflow_value iotflow_int64(int64_t value) {
    iotflow_value made = iotflow_none();
    made.type = IOTFLOW_INT64;
    made.of.integer = value;
    return made;
}

iotflow_value iotflow_int32(int32_t value) {
    iotflow_value made = iotflow_int64(value);
    made.type = IOTFLOW_INT32;
    return made;
}

iotflow_value iotflow_bool(bool value) {
    iotflow_value made = iotflow_none();
    made.type = IOTFLOW_BOOL;
    made.of.truth = value;
    return made;
}

iotflow_value iotflow_string(const char *value) {
    iotflow_value made = iotflow_none();
    made.type = IOTFLOW_STRING;
    made.of.text.data = (const uint8_t *)value;
    made.of.text.size = strlen(value);
    return made;
}

/* A row in memory: the time, and for each column one byte (1: there is a value) and the value. A number has 8, 4 or 1
   bytes in the machine's order; a text has 2 bytes of length and its bytes. */

static uint32_t width(iotflow_type type) {
    switch (type) {
        case IOTFLOW_DOUBLE:
        case IOTFLOW_INT64:
            return 8;
        case IOTFLOW_FLOAT:
        case IOTFLOW_INT32:
            return 4;
        case IOTFLOW_BOOL:
            return 1;
        default:
            return 2;
    }
}

static uint64_t bits(iotflow_type type, const iotflow_value *value) {
    uint64_t whole = 0;
    uint32_t half;
    switch (type) {
        case IOTFLOW_DOUBLE:
            (void)memcpy(&whole, &value->of.real, 8);
            break;
        case IOTFLOW_FLOAT:
            (void)memcpy(&half, &value->of.small_real, 4);
            whole = half;
            break;
        case IOTFLOW_BOOL:
            whole = value->of.truth ? 1U : 0U;
            break;
        case IOTFLOW_STRING:
            whole = value->of.text.size;
            break;
        default:
            whole = (uint64_t)value->of.integer;
            break;
    }
    return whole;
}

/* Without arithmetic of doubles, which costs flash where the processor has none. */
static bool is_value(const iotflow_value *value) {
    const uint64_t whole = bits(value->type, value);
    if (value->type == IOTFLOW_DOUBLE) {
        return (whole << 1) <= 0xffe0000000000000U;
    }
    if (value->type == IOTFLOW_FLOAT) {
        return ((uint32_t)whole << 1) <= 0xff000000U;
    }
    return value->type != IOTFLOW_NONE;
}

static uint64_t load(const uint8_t *from, uint32_t size) {
    uint64_t whole = 0;
    uint32_t i;
    for (i = size; i > 0U; i--) {
        whole = (whole << 8) | from[i - 1U];
    }
    return whole;
}

static uint8_t *store(uint8_t *to, uint64_t value, uint32_t size) {
    uint32_t i;
    for (i = 0; i < size; i++) {
        to[i] = (uint8_t)value;
        value >>= 8;
    }
    return to + size;
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
        batch->bound += COLUMN_OVERHEAD + (uint32_t)strlen(columns[i].measurement);
    }
}

iotflow_status iotflow_batch_add(iotflow_batch *batch, int64_t timestamp, const iotflow_value *values, uint32_t limit) {
    uint64_t needed = 8;
    /* A time has at most 10 bytes, a number at most 10, a text 3 bytes more than itself, and the bitmap one byte for eight
     * rows. */
    uint64_t bound = (uint64_t)batch->bound + iotflow_varint_size((uint64_t)timestamp);
    uint8_t *to = batch->memory + batch->used;
    bool any = false;
    uint32_t i;
    for (i = 0; i < batch->column_count; i++) {
        const bool text = values[i].type == IOTFLOW_STRING;
        if ((values[i].type != IOTFLOW_NONE) && (values[i].type != batch->columns[i].type)) {
            return IOTFLOW_INVALID_ARGUMENT;
        }
        if (text && (values[i].of.text.size > UINT16_MAX)) {
            return IOTFLOW_TOO_LARGE;
        }
        any = any || is_value(&values[i]);
        needed += 1U + width(batch->columns[i].type) + (text ? values[i].of.text.size : 0U);
        bound += (((batch->rows & 7U) == 0U) ? 1U : 0U) + (text ? (values[i].of.text.size + 4U) : 0U);
        if (!text) {
            const uint64_t whole = bits(values[i].type, &values[i]);
            const bool varint = (values[i].type == IOTFLOW_INT64) || (values[i].type == IOTFLOW_INT32);
            bound += varint ? iotflow_varint_size(whole) : width(batch->columns[i].type);
        }
    }
    if (!any) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    if ((needed > ((uint64_t)batch->memory_size - batch->used)) || (bound > limit)) {
        return IOTFLOW_TOO_LARGE;
    }
    to = store(to, (uint64_t)timestamp, 8);
    for (i = 0; i < batch->column_count; i++) {
        const bool there = is_value(&values[i]);
        to = store(to, there ? 1U : 0U, 1);
        to = store(to, there ? bits(values[i].type, &values[i]) : 0U, width(batch->columns[i].type));
        if (there && (values[i].type == IOTFLOW_STRING)) {
            (void)memcpy(to, values[i].of.text.data, values[i].of.text.size);
            to += values[i].of.text.size;
        }
    }
    batch->used += (uint32_t)needed;
    batch->bound = (uint32_t)bound;
    batch->rows++;
    return IOTFLOW_OK;
}

/* A place in the rows: a time, or a cell of a column. */
typedef struct {
    const uint8_t *at;
    bool there;
    uint64_t value;
} cell;

static void read_cell(const iotflow_batch *batch, const uint8_t *row, uint32_t column, cell *found) {
    uint32_t i;
    found->at = row + 8;
    for (i = 0;; i++) {
        const iotflow_type type = batch->columns[i].type;
        const uint32_t size = width(type);
        found->there = found->at[0] != 0U;
        found->value = load(found->at + 1, size);
        if (i == column) {
            found->value = (type == IOTFLOW_INT32) ? (uint64_t)(int64_t)(int32_t)(uint32_t)found->value : found->value;
            found->at += 1U + size;
            return;
        }
        found->at += 1U + size + ((type == IOTFLOW_STRING) ? (uint32_t)found->value : 0U);
    }
}

static const uint8_t *next_row(const iotflow_batch *batch, const uint8_t *row) {
    cell last;
    read_cell(batch, row, batch->column_count - 1U, &last);
    return last.at + ((batch->columns[batch->column_count - 1U].type == IOTFLOW_STRING) ? (uint32_t)last.value : 0U);
}

static bool is_fixed(iotflow_type type) { return (type == IOTFLOW_DOUBLE) || (type == IOTFLOW_FLOAT); }

/* Sizes of a column's parts. present: number of its values. */
typedef struct {
    uint32_t name;
    uint32_t validity;
    uint32_t values;
    uint32_t present;
} extent;

static extent measure(const iotflow_batch *batch, uint32_t column) {
    const iotflow_type type = batch->columns[column].type;
    const uint8_t *row = batch->memory;
    extent size;
    uint32_t i;
    size.name = (uint32_t)strlen(batch->columns[column].measurement);
    size.values = 0;
    size.present = 0;
    for (i = 0; i < batch->rows; i++) {
        cell found;
        read_cell(batch, row, column, &found);
        size.present += found.there ? 1U : 0U;
        if (is_fixed(type)) {
            size.values += width(type);
        } else if (type == IOTFLOW_STRING) {
            size.values += 1U + iotflow_varint_size(found.value) + (uint32_t)found.value;
        } else {
            size.values += iotflow_varint_size(found.value);
        }
        row = next_row(batch, row);
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
        cell found;
        read_cell(batch, row, column, &found);
        byte = (uint8_t)(byte | ((found.there ? 1U : 0U) << (i & 7U)));
        if (((i & 7U) == 7U) || ((i + 1U) == batch->rows)) {
            iotflow_put_bytes(sink, &byte, 1);
            byte = 0;
        }
        row = next_row(batch, row);
    }
}

static void put_values(const iotflow_batch *batch, uint32_t column, iotflow_sink *sink) {
    const iotflow_type type = batch->columns[column].type;
    const uint8_t *row = batch->memory;
    uint32_t i;
    for (i = 0; i < batch->rows; i++) {
        cell found;
        read_cell(batch, row, column, &found);
        if (is_fixed(type)) {
            iotflow_put_fixed(sink, found.value, width(type));
        } else if (type == IOTFLOW_STRING) {
            put_head(sink, IOTFLOW_STRING, (uint32_t)found.value);
            iotflow_put_bytes(sink, found.at, (uint32_t)found.value);
        } else {
            iotflow_put_varint(sink, found.value);
        }
        row = next_row(batch, row);
    }
}

static void put_column(const iotflow_batch *batch, uint32_t column, iotflow_sink *sink) {
    const iotflow_column *about = &batch->columns[column];
    const extent size = measure(batch, column);
    const bool packed = about->type != IOTFLOW_STRING;
    if (size.present == 0U) {
        return;
    }
    put_head(sink, COLUMNS, part_size(size.name) + part_size(size.validity) + (packed ? part_size(size.values) : size.values));
    put_head(sink, MEASUREMENT, size.name);
    iotflow_put_bytes(sink, about->measurement, size.name);
    if (size.validity > 0U) {
        put_head(sink, VALIDITY, size.validity);
        put_validity(batch, column, sink);
    }
    if (packed) {
        put_head(sink, (uint32_t)about->type, size.values);
    }
    put_values(batch, column, sink);
}

static void put_times(const iotflow_batch *batch, iotflow_sink *sink) {
    const uint8_t *row = batch->memory;
    uint32_t size = 0;
    uint32_t i;
    for (i = 0; i < batch->rows; i++) {
        size += iotflow_varint_size(load(row, 8));
        row = next_row(batch, row);
    }
    put_head(sink, TIMESTAMPS, size);
    row = batch->memory;
    for (i = 0; i < batch->rows; i++) {
        iotflow_put_varint(sink, load(row, 8));
        row = next_row(batch, row);
    }
}

void iotflow_batch_encode(const iotflow_batch *batch, uint32_t sequence, iotflow_sink *sink) {
    uint32_t i;
    if (sequence > 0U) {
        iotflow_put_tag(sink, SEQUENCE, IOTFLOW_WIRE_VARINT);
        iotflow_put_varint(sink, sequence);
    }
    put_times(batch, sink);
    for (i = 0; i < batch->column_count; i++) {
        put_column(batch, i, sink);
    }
    if (batch->server_times) {
        iotflow_put_tag(sink, SERVER_TIMES, IOTFLOW_WIRE_VARINT);
        iotflow_put_varint(sink, 1);
    }
}
