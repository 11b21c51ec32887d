/** Takes rows, makes batches of them, and puts each batch into the queue. A connection sends the queue. */
#ifndef IOTFLOW_WRITER_H
#define IOTFLOW_WRITER_H

#include "iotflow/batch.h"
#include "iotflow/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What happens to a new row when the queue is full. */
typedef enum {
    /** iotflow_writer_add returns IOTFLOW_QUEUE_FULL: add the row again later. WAIT and REFUSE are the same without threads. */
    IOTFLOW_POLICY_WAIT = 0,
    /** The batches of the oldest sector make room. */
    IOTFLOW_POLICY_DROP_OLDEST,
    /** The open batch is dropped. */
    IOTFLOW_POLICY_DROP_NEWEST,
    /** From half of the queue on every 2nd row is kept, from three quarters every 4th, from seven eighths every 8th. */
    IOTFLOW_POLICY_SAMPLE
} iotflow_policy;

/** Values that the server did not store. Texts are zero-terminated. */
typedef struct {
    /** 0: unknown. MQTT does not state it. */
    uint32_t sequence;
    /** The first row and the number of rows. No rows: the registration of the device was rejected. */
    uint32_t index;
    uint32_t count;
    const char *measurement;
    const char *reason;
    const char *message;
    bool retryable;
} iotflow_rejection;

typedef enum { IOTFLOW_DROPPED_QUEUE_FULL, IOTFLOW_DROPPED_DISK_FULL, IOTFLOW_DROPPED_DAMAGED } iotflow_drop;

/** Zero means the default. Everything must live as long as the writer. */
typedef struct {
    const iotflow_column *columns;
    uint32_t column_count;
    /** For the rows of the open batch; see iotflow_batch. */
    void *memory;
    uint32_t memory_size;
    /** A batch ends at these: 1,000 rows, what fits into a sector of the queue, 1,000 ms of age. */
    uint32_t rows;
    uint32_t bytes;
    uint32_t age_ms;
    iotflow_policy policy;
    /** The server assigns the times. A batch that is sent again is stored twice under two times. */
    bool server_times;
    /** Rows were left out. May be null, as the next one. */
    void (*dropped)(void *context, uint32_t rows, iotflow_drop reason);
    void (*rejected)(void *context, const iotflow_rejection *rejection);
    void *context;
} iotflow_writer_options;

typedef struct {
    iotflow_ring ring;
    iotflow_batch batch;
    /** Time of the first row of the open batch. */
    uint32_t opened_ms;
    uint32_t sampled;
    /** The open batch is to be put into the queue as soon as there is room. */
    bool ended;
    /** The connection is sending from the sector at the begin of the queue, which therefore cannot be dropped. */
    bool busy;
    uint32_t acknowledged_rows;
    uint32_t dropped_rows;
    uint32_t rejected_values;
    iotflow_writer_options options;
} iotflow_writer;

/** Opens a writer with its queue. Persistent storage keeps its batches. Reports damage of it as dropped (0 rows). */
iotflow_status iotflow_writer_open(iotflow_writer *writer, const iotflow_writer_options *options,
                                   const iotflow_storage *storage);
/** Continues with other columns. The open batch must be empty: call iotflow_writer_end before. IOTFLOW_QUEUE_FULL: it is not.
 */
iotflow_status iotflow_writer_columns(iotflow_writer *writer, const iotflow_column *columns, uint32_t count);
/**
 * Adds a row: one value for each column. timestamp: milliseconds since 1970 UTC; 0 with server_times. now_ms: of a monotonic
 * clock that may wrap. IOTFLOW_QUEUE_FULL: the row was not added. IOTFLOW_INVALID_ARGUMENT: a value has another type
 * than its column, or the row has no value. IOTFLOW_TOO_LARGE: the row alone exceeds the memory or a sector.
 */
iotflow_status iotflow_writer_add(iotflow_writer *writer, uint32_t now_ms, int64_t timestamp, const iotflow_value *values);
/** Puts the open batch into the queue. IOTFLOW_QUEUE_FULL: it stays open, and the connection tries again. */
iotflow_status iotflow_writer_end(iotflow_writer *writer);
/** Puts the open batch into the queue if it is old enough or was ended. The connection calls it. */
iotflow_status iotflow_writer_poll(iotflow_writer *writer, uint32_t now_ms);
/** Whether everything that was added is acknowledged. */
bool iotflow_writer_is_empty(const iotflow_writer *writer);

/**
 * For the connection: reads the batch at a place of the ring and moves the place behind it. on_way: batches before the place
 * that are not acknowledged. Where damage hides the others, they are reported as dropped. IOTFLOW_AGAIN: there is none yet.
 */
iotflow_status iotflow_writer_next(iotflow_writer *writer, iotflow_place *place, uint32_t on_way, iotflow_record *record);
/** For the connection: every batch up to the sequence is stored. */
iotflow_status iotflow_writer_acknowledge(iotflow_writer *writer, uint32_t sequence);
/** For the connection: counts a rejection and tells the application. */
void iotflow_writer_reject(iotflow_writer *writer, const iotflow_rejection *rejection);

#ifdef __cplusplus
}
#endif

#endif
