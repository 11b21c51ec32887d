/* What the encoder writes by hand is read with nanopb's runtime and the generated stubs. */
#include <pb_decode.h>
#include <string.h>

#include "check.h"
#include "iotflow/batch.h"
#include "iotflow/v1/telemetry.pb.h"

static uint8_t bytes[512];
static uint32_t used;

static iotflow_status collect(void *context, const uint8_t *data, uint32_t size) {
    (void)context;
    (void)memcpy(bytes + used, data, size);
    used += size;
    return IOTFLOW_OK;
}

static bool read_times(pb_istream_t *stream, const pb_field_t *field, void **argument) {
    int64_t *sum = (int64_t *)*argument;
    uint64_t value;
    (void)field;
    if (!pb_decode_varint(stream, &value)) {
        return false;
    }
    *sum += (int64_t)value;
    return true;
}

static bool read_double(pb_istream_t *stream, const pb_field_t *field, void **argument) {
    double *sum = (double *)*argument;
    double value;
    (void)field;
    if (!pb_decode_fixed64(stream, &value)) {
        return false;
    }
    *sum += value;
    return true;
}

static bool read_column(pb_istream_t *stream, const pb_field_t *field, void **argument) {
    iotflow_v1_Column column = iotflow_v1_Column_init_zero;
    (void)field;
    column.doubles.funcs.decode = read_double;
    column.doubles.arg = *argument;
    return pb_decode(stream, iotflow_v1_Column_fields, &column);
}

int main(void) {
    static const iotflow_column columns[] = {{"level", IOTFLOW_DOUBLE}, {"words", IOTFLOW_STRING}};
    uint8_t rows[256];
    iotflow_batch batch;
    iotflow_sink sink = {collect, NULL, IOTFLOW_OK};
    iotflow_v1_TelemetryBatch decoded = iotflow_v1_TelemetryBatch_init_zero;
    iotflow_value row[2];
    pb_istream_t stream;
    int64_t times = 0;
    double sum = 0;
    int i;
    iotflow_batch_begin(&batch, columns, 2, rows, sizeof rows);
    for (i = 1; i <= 4; i++) {
        row[0] = iotflow_double(i);
        row[1] = ((i % 2) == 0) ? iotflow_string("even") : iotflow_none();
        CHECK(iotflow_batch_add(&batch, i * 1000, row, sizeof bytes) == IOTFLOW_OK);
    }
    batch.server_times = true;
    iotflow_batch_encode(&batch, 9, &sink);
    decoded.timestamps.funcs.decode = read_times;
    decoded.timestamps.arg = &times;
    decoded.columns.funcs.decode = read_column;
    decoded.columns.arg = &sum;
    stream = pb_istream_from_buffer(bytes, used);
    CHECK(pb_decode(&stream, iotflow_v1_TelemetryBatch_fields, &decoded));
    CHECK((decoded.sequence == 9) && decoded.server_times);
    CHECK((times == 10000) && (sum > 9.5) && (sum < 10.5));
    return finish("nanopb");
}
