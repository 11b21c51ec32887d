#include <math.h>
#include <string.h>

#include "check.h"
#include "iotflow/batch.h"

typedef struct {
    uint8_t bytes[1024];
    uint32_t size;
} collected;

static iotflow_status collect(void *context, const uint8_t *data, uint32_t size) {
    collected *all = (collected *)context;
    if (size > (sizeof all->bytes - all->size)) {
        return IOTFLOW_TOO_LARGE;
    }
    (void)memcpy(all->bytes + all->size, data, size);
    all->size += size;
    return IOTFLOW_OK;
}

static uint32_t encode(const iotflow_batch *batch, uint32_t sequence, collected *all) {
    iotflow_sink sink;
    sink.write = collect;
    sink.context = all;
    sink.status = IOTFLOW_OK;
    all->size = 0;
    iotflow_batch_encode(batch, sequence, &sink);
    CHECK(sink.status == IOTFLOW_OK);
    return all->size;
}

/* The bytes that protoc's own encoder makes of: sequence 7; times 1000, 2000; level doubles 1.5, 2.5; n int32s -1, (none);
   s strings "ab", (none). */
static const uint8_t expected[] = {0x08, 0x07, 0x1a, 0x04, 0xe8, 0x07, 0xd0, 0x0f, 0x22, 0x19, 0x0a, 0x05, 'l',  'e',
                                   'v',  'e',  'l',  0x1a, 0x10, 0,    0,    0,    0,    0,    0,    0xf8, 0x3f, 0,
                                   0,    0,    0,    0,    0,    0x04, 0x40, 0x22, 0x13, 0x0a, 0x01, 'n',  0x12, 0x01,
                                   0x01, 0x32, 0x0b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00,
                                   0x22, 0x0c, 0x0a, 0x01, 's',  0x12, 0x01, 0x01, 0x42, 0x02, 'a',  'b',  0x42, 0x00};

static void encodes_columns(void) {
    static const iotflow_column columns[] = {
        {"level", IOTFLOW_DOUBLE}, {"n", IOTFLOW_INT32}, {"s", IOTFLOW_STRING}, {"no", IOTFLOW_BOOL}};
    uint8_t memory[256];
    iotflow_batch batch;
    collected all;
    iotflow_value row[4];
    iotflow_batch_begin(&batch, columns, 4, memory, sizeof memory);
    row[0] = iotflow_double(1.5);
    row[1] = iotflow_int32(-1);
    row[2] = iotflow_string("ab");
    row[3] = iotflow_none();
    CHECK(iotflow_batch_add(&batch, 1000, row, 1000) == IOTFLOW_OK);
    row[0] = iotflow_double(2.5);
    row[1] = iotflow_none();
    row[2] = iotflow_none();
    CHECK(iotflow_batch_add(&batch, 2000, row, 1000) == IOTFLOW_OK);
    CHECK(encode(&batch, 7, &all) == sizeof expected);
    CHECK(memcmp(all.bytes, expected, sizeof expected) == 0);
    CHECK(all.size <= batch.bound);
}

static void refuses_rows(void) {
    static const iotflow_column columns[] = {{"a", IOTFLOW_DOUBLE}, {"b", IOTFLOW_FLOAT}};
    uint8_t memory[44];
    iotflow_batch batch;
    iotflow_value row[2];
    iotflow_batch_begin(&batch, columns, 2, memory, sizeof memory);
    row[0] = iotflow_double((double)NAN);
    row[1] = iotflow_float(NAN);
    CHECK(iotflow_batch_add(&batch, 1, row, 1000) == IOTFLOW_INVALID_ARGUMENT);
    row[0] = iotflow_int64(1);
    CHECK(iotflow_batch_add(&batch, 1, row, 1000) == IOTFLOW_INVALID_ARGUMENT);
    row[0] = iotflow_double((double)INFINITY);
    CHECK(iotflow_batch_add(&batch, 1, row, 72) == IOTFLOW_TOO_LARGE);
    CHECK(iotflow_batch_add(&batch, 1, row, 73) == IOTFLOW_OK);
    CHECK(iotflow_batch_add(&batch, 1, row, 1000) == IOTFLOW_OK);
    CHECK(iotflow_batch_add(&batch, 1, row, 1000) == IOTFLOW_TOO_LARGE);
    CHECK(batch.rows == 2U);
}

/* The bound holds for any values, so that a batch always fits where the bound does. */
static void bound_holds(void) {
    static const iotflow_column columns[] = {
        {"i", IOTFLOW_INT64}, {"j", IOTFLOW_INT32}, {"t", IOTFLOW_STRING}, {"x", IOTFLOW_BOOL}};
    uint8_t memory[900];
    uint32_t random = 1;
    uint32_t turn;
    for (turn = 0; turn < 2000U; turn++) {
        iotflow_batch batch;
        collected all;
        uint32_t rows = 0;
        iotflow_batch_begin(&batch, columns, 4, memory, sizeof memory);
        do {
            iotflow_value row[4];
            random = (random * 1664525U) + 1013904223U;
            row[0] = ((random & 0x1000U) != 0U) ? iotflow_int64((int64_t)((uint64_t)random << (random >> 27))) : iotflow_none();
            row[1] = ((random & 0x2000U) != 0U) ? iotflow_int32(-(int32_t)(random >> 2)) : iotflow_none();
            row[2] = ((random & 0x4000U) != 0U) ? iotflow_string("some words") : iotflow_none();
            row[3] = iotflow_bool((random & 0x8000U) != 0U);
            rows++;
            if (iotflow_batch_add(&batch, -(int64_t)(random >> 20), row, 1000) != IOTFLOW_OK) {
                break;
            }
        } while (rows < ((random >> 16) & 63U));
        CHECK(encode(&batch, random, &all) <= batch.bound);
    }
}

int main(void) {
    encodes_columns();
    refuses_rows();
    bound_holds();
    return finish("batch");
}
