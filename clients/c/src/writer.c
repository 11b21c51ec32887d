#include "iotflow/writer.h"

#include <string.h>

enum { DEFAULT_ROWS = 1000, DEFAULT_AGE_MS = 1000 };

static void report_dropped(iotflow_writer *writer, uint32_t rows, iotflow_drop reason) {
    writer->dropped_rows += rows;
    if (writer->options.dropped != NULL) {
        writer->options.dropped(writer->options.context, rows, reason);
    }
}

static void skip_damage(iotflow_writer *writer) {
    const uint32_t rows = iotflow_ring_recount(&writer->ring);
    if (rows > 0U) {
        report_dropped(writer, rows, IOTFLOW_DROPPED_DAMAGED);
    }
}

static void begin_batch(iotflow_writer *writer) {
    const iotflow_writer_options *options = &writer->options;
    iotflow_batch_begin(&writer->batch, options->columns, options->column_count, options->memory, options->memory_size);
    writer->batch.server_times = options->server_times;
    writer->ended = false;
}

iotflow_status iotflow_writer_open(iotflow_writer *writer, const iotflow_writer_options *options,
                                   const iotflow_storage *storage) {
    iotflow_status status;
    uint32_t largest;
    (void)memset(writer, 0, sizeof *writer);
    writer->options = *options;
    status = iotflow_ring_open(&writer->ring, storage);
    if (status != IOTFLOW_OK) {
        return status;
    }
    largest = iotflow_ring_largest(&writer->ring);
    writer->options.rows = (options->rows == 0U) ? (uint32_t)DEFAULT_ROWS : options->rows;
    writer->options.age_ms = (options->age_ms == 0U) ? (uint32_t)DEFAULT_AGE_MS : options->age_ms;
    writer->options.bytes = ((options->bytes == 0U) || (options->bytes > largest)) ? largest : options->bytes;
    if (writer->ring.damaged > 0U) {
        report_dropped(writer, 0, IOTFLOW_DROPPED_DAMAGED);
    }
    return iotflow_writer_columns(writer, options->columns, options->column_count);
}

iotflow_status iotflow_writer_columns(iotflow_writer *writer, const iotflow_column *columns, uint32_t count) {
    if (writer->batch.rows > 0U) {
        return IOTFLOW_QUEUE_FULL;
    }
    if ((count == 0U) || (count > 255U)) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    writer->options.columns = columns;
    writer->options.column_count = count;
    begin_batch(writer);
    return IOTFLOW_OK;
}

static iotflow_status drop_newest(iotflow_writer *writer, iotflow_drop reason) {
    const uint32_t rows = writer->batch.rows;
    begin_batch(writer);
    report_dropped(writer, rows, reason);
    return IOTFLOW_OK;
}

/* The policy of a full queue, or of storage that failed. */
static iotflow_status make_room(iotflow_writer *writer, iotflow_drop reason) {
    uint32_t rows = 0;
    iotflow_status status = IOTFLOW_QUEUE_FULL;
    switch (writer->options.policy) {
        case IOTFLOW_POLICY_DROP_OLDEST:
            if (!writer->busy && (writer->ring.queued_batches > 0U)) {
                status = iotflow_ring_drop_oldest(&writer->ring, &rows);
                if (rows > 0U) {
                    report_dropped(writer, rows, reason);
                } else {
                    skip_damage(writer);
                }
                status = (status == IOTFLOW_OK) ? iotflow_ring_append(&writer->ring, &writer->batch) : status;
            }
            break;
        case IOTFLOW_POLICY_DROP_NEWEST:
        case IOTFLOW_POLICY_SAMPLE:
            status = drop_newest(writer, reason);
            break;
        default:
            break;
    }
    return (status == IOTFLOW_OK) ? IOTFLOW_OK : IOTFLOW_QUEUE_FULL;
}

iotflow_status iotflow_writer_end(iotflow_writer *writer) {
    iotflow_status status = IOTFLOW_OK;
    if (writer->batch.rows == 0U) {
        return IOTFLOW_OK;
    }
    writer->ended = true;
    status = iotflow_ring_append(&writer->ring, &writer->batch);
    if (status != IOTFLOW_OK) {
        status = make_room(writer, (status == IOTFLOW_IO_ERROR) ? IOTFLOW_DROPPED_DISK_FULL : IOTFLOW_DROPPED_QUEUE_FULL);
    }
    if (status == IOTFLOW_OK) {
        begin_batch(writer);
    }
    return status;
}

/* Whether a row is left out because the queue fills up. */
static bool is_sampled_out(iotflow_writer *writer) {
    const uint32_t fill = iotflow_ring_fill(&writer->ring);
    uint32_t left_out = 0;
    if (writer->options.policy != IOTFLOW_POLICY_SAMPLE) {
        return false;
    }
    left_out |= (fill >= 128U) ? 1U : 0U;
    left_out |= (fill >= 192U) ? 2U : 0U;
    left_out |= (fill >= 224U) ? 4U : 0U;
    writer->sampled++;
    return (writer->sampled & left_out) != 0U;
}

iotflow_status iotflow_writer_add(iotflow_writer *writer, uint32_t now_ms, int64_t timestamp, const iotflow_value *values) {
    iotflow_status status = IOTFLOW_OK;
    if (writer->ended) {
        status = iotflow_writer_end(writer);
    }
    if (status != IOTFLOW_OK) {
        return status;
    }
    if (is_sampled_out(writer)) {
        report_dropped(writer, 1, IOTFLOW_DROPPED_QUEUE_FULL);
        return IOTFLOW_OK;
    }
    status = iotflow_batch_add(&writer->batch, timestamp, values, writer->options.bytes);
    if ((status == IOTFLOW_TOO_LARGE) && (writer->batch.rows > 0U)) {
        status = iotflow_writer_end(writer);
        if (status == IOTFLOW_OK) {
            status = iotflow_batch_add(&writer->batch, timestamp, values, writer->options.bytes);
        }
    }
    if ((status == IOTFLOW_OK) && (writer->batch.rows == 1U)) {
        writer->opened_ms = now_ms;
    }
    if ((status == IOTFLOW_OK) && (writer->batch.rows >= writer->options.rows)) {
        /* The row was added, also where the batch has to wait for room. */
        (void)iotflow_writer_end(writer);
    }
    return status;
}

iotflow_status iotflow_writer_poll(iotflow_writer *writer, uint32_t now_ms) {
    const bool old = (now_ms - writer->opened_ms) >= writer->options.age_ms;
    return ((writer->batch.rows > 0U) && (writer->ended || old)) ? iotflow_writer_end(writer) : IOTFLOW_OK;
}

bool iotflow_writer_is_empty(const iotflow_writer *writer) {
    return (writer->batch.rows == 0U) && (writer->ring.queued_batches == 0U);
}

iotflow_status iotflow_writer_next(iotflow_writer *writer, iotflow_place *place, uint32_t on_way, iotflow_record *record) {
    const iotflow_status status = iotflow_ring_next(&writer->ring, place, record);
    if ((status == IOTFLOW_AGAIN) && (writer->ring.queued_batches > on_way)) {
        skip_damage(writer);
    }
    return status;
}

iotflow_status iotflow_writer_acknowledge(iotflow_writer *writer, uint32_t sequence) {
    uint32_t rows;
    const iotflow_status status = iotflow_ring_acknowledge(&writer->ring, sequence, &rows);
    writer->acknowledged_rows += rows;
    return status;
}

void iotflow_writer_reject(iotflow_writer *writer, const iotflow_rejection *rejection) {
    writer->rejected_values += rejection->count;
    if (writer->options.rejected != NULL) {
        writer->options.rejected(writer->options.context, rejection);
    }
}
