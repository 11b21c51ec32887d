/**
 * The queue of batches: a log in a ring of sectors, in RAM or in flash.
 *
 * A sector begins with a header of 16 bytes: magic, number of the sector (rising), next sequence and CRC-32. Records follow: 16
 * bytes (bytes of the payload, sequence, rows, CRC-32), the payload, and 0xff up to the next multiple of 16. A record without
 * payload is a statement: the acknowledged sequence, and in place of the rows the device whose batches these are (0: of none
 * yet). The first record of a sector is one. Everything is written once, in order and in multiples of 16 bytes, so that it
 * suits NOR flash. All numbers are little-endian.
 */
#ifndef IOTFLOW_RING_H
#define IOTFLOW_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "iotflow/batch.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { IOTFLOW_RING_UNIT = 16, IOTFLOW_SECTOR_HEADER = 16, IOTFLOW_RECORD_HEADER = 16 };

/**
 * The memory of a ring: at least two sectors, each a multiple of 16 bytes. Offsets count from the begin of the memory.
 * The functions return 0, or another number if they failed.
 */
typedef struct {
    int (*read)(void *context, uint32_t offset, void *data, uint32_t size);
    /** Writes in order within a sector. At the begin of a sector it erases the sector (to 0xff) first. */
    int (*write)(void *context, uint32_t offset, const void *data, uint32_t size);
    /** Returns when everything that was written is durable. Null where `write` itself returns then, as with flash. */
    int (*synchronize)(void *context);
    /** The sector that begins here holds nothing any more, and is written next by beginning it. May be null. */
    void (*release)(void *context, uint32_t offset);
    void *context;
    uint32_t sector_size;
    uint32_t sectors;
    /** Whether the memory outlives a restart: acknowledgements are written to it. */
    bool persistent;
} iotflow_storage;

/** A place in the log. */
typedef struct {
    uint32_t sector;
    uint32_t offset;
} iotflow_place;

/** A batch in the log. payload: offset in the storage. */
typedef struct {
    uint32_t sequence;
    uint32_t rows;
    uint32_t payload;
    uint32_t size;
} iotflow_record;

typedef struct {
    const iotflow_storage *storage;
    /** Where the next record is written. offset = sector_size: in the next sector. */
    iotflow_place end;
    /** The oldest batch that is not acknowledged, or end. */
    iotflow_place begin;
    uint32_t next_sequence;
    uint32_t acknowledged;
    uint32_t queued_batches;
    uint32_t queued_rows;
    /** The device whose batches these are, by persistent storage; 0: of none yet. */
    uint32_t device;
    /** Sectors that were damaged when the ring was opened. */
    uint32_t damaged;
} iotflow_ring;

/** Storage in RAM. memory has size bytes and holds the given number of sectors. */
void iotflow_storage_in_ram(iotflow_storage *storage, void *memory, uint32_t size, uint32_t sectors);

/** Opens a ring: an empty one, or what persistent storage holds. */
iotflow_status iotflow_ring_open(iotflow_ring *ring, const iotflow_storage *storage);
/**
 * States in persistent storage whose batches these are, so that the key of another device never sends them. False: it holds
 * batches of another one. A queue in RAM may be of any device.
 */
bool iotflow_ring_claim(iotflow_ring *ring, uint32_t device);
/** The largest payload of a record. */
uint32_t iotflow_ring_largest(const iotflow_ring *ring);
/** Appends a batch, whose sequence is next_sequence before the call. IOTFLOW_QUEUE_FULL: without effect. */
iotflow_status iotflow_ring_append(iotflow_ring *ring, const iotflow_batch *batch);
/** Removes every batch up to the sequence. Older sequences have no effect. rows: of those that were removed. */
iotflow_status iotflow_ring_acknowledge(iotflow_ring *ring, uint32_t sequence, uint32_t *rows);
/** Drops the batches of the oldest sector. rows: of these. */
iotflow_status iotflow_ring_drop_oldest(iotflow_ring *ring, uint32_t *rows);
/** Reads the batch at a place and moves the place behind it. IOTFLOW_AGAIN: there is none yet. */
iotflow_status iotflow_ring_next(const iotflow_ring *ring, iotflow_place *place, iotflow_record *record);
/** Counts the batches anew after damage, behind which nothing is written any more. Returns the rows that were lost. */
uint32_t iotflow_ring_recount(iotflow_ring *ring);
/** The part of the ring in use, from 0 to 255 of 256. */
uint32_t iotflow_ring_fill(const iotflow_ring *ring);

#ifdef __cplusplus
}
#endif

#endif
