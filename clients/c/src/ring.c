#include "iotflow/ring.h"

#include <string.h>

#include "iotflow/crc32.h"

#define MAGIC 0x32666f69U
/* A sector begins with its header and a statement. */
enum { CHUNK = 64, SECTOR_BEGIN = IOTFLOW_SECTOR_HEADER + IOTFLOW_RECORD_HEADER };

static uint32_t get32(const uint8_t *from) {
    return (uint32_t)from[0] | ((uint32_t)from[1] << 8) | ((uint32_t)from[2] << 16) | ((uint32_t)from[3] << 24);
}

static void set32(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
    to[3] = (uint8_t)(value >> 24);
}

static uint32_t padded(uint32_t size) {
    return (size + (uint32_t)IOTFLOW_RING_UNIT - 1U) & ~((uint32_t)IOTFLOW_RING_UNIT - 1U);
}

static uint32_t offset_of(const iotflow_ring *ring, iotflow_place place) {
    return ((place.sector % ring->storage->sectors) * ring->storage->sector_size) + place.offset;
}

static iotflow_status read_at(const iotflow_ring *ring, iotflow_place place, void *data, uint32_t size) {
    const iotflow_storage *storage = ring->storage;
    return (storage->read(storage->context, offset_of(ring, place), data, size) == 0) ? IOTFLOW_OK : IOTFLOW_IO_ERROR;
}

/* Storage in RAM. */

static int ram_read(void *context, uint32_t offset, void *data, uint32_t size) {
    (void)memcpy(data, (const uint8_t *)context + offset, size);
    return 0;
}

static int ram_write(void *context, uint32_t offset, const void *data, uint32_t size) {
    (void)memcpy((uint8_t *)context + offset, data, size);
    return 0;
}

void iotflow_storage_in_ram(iotflow_storage *storage, void *memory, uint32_t size, uint32_t sectors) {
    storage->read = ram_read;
    storage->write = ram_write;
    storage->synchronize = NULL;
    storage->release = NULL;
    storage->context = memory;
    storage->sector_size = (size / sectors) & ~((uint32_t)IOTFLOW_RING_UNIT - 1U);
    storage->sectors = sectors;
    storage->persistent = false;
}

/* Writing: collects chunks, so that the storage gets multiples of 16 bytes. */

typedef struct {
    iotflow_ring *ring;
    uint32_t used;
    uint8_t bytes[CHUNK];
} writer;

static iotflow_status write_chunk(writer *out) {
    const iotflow_storage *storage = out->ring->storage;
    const uint32_t offset = offset_of(out->ring, out->ring->end);
    const uint32_t size = out->used;
    out->used = 0;
    out->ring->end.offset += size;
    return (storage->write(storage->context, offset, out->bytes, size) == 0) ? IOTFLOW_OK : IOTFLOW_IO_ERROR;
}

static iotflow_status write_bytes(void *context, const uint8_t *data, uint32_t size) {
    writer *out = (writer *)context;
    iotflow_status status = IOTFLOW_OK;
    while ((size > 0U) && (status == IOTFLOW_OK)) {
        const uint32_t room = (uint32_t)CHUNK - out->used;
        const uint32_t part = (size < room) ? size : room;
        (void)memcpy(out->bytes + out->used, data, part);
        out->used += part;
        data += part;
        size -= part;
        if (out->used == (uint32_t)CHUNK) {
            status = write_chunk(out);
        }
    }
    return status;
}

static iotflow_status write_rest(writer *out) {
    while ((out->used % (uint32_t)IOTFLOW_RING_UNIT) != 0U) {
        out->bytes[out->used] = 0xff;
        out->used++;
    }
    return (out->used == 0U) ? IOTFLOW_OK : write_chunk(out);
}

static iotflow_status synchronize(const iotflow_ring *ring) {
    const iotflow_storage *storage = ring->storage;
    const bool done = (storage->synchronize == NULL) || (storage->synchronize(storage->context) == 0);
    return done ? IOTFLOW_OK : IOTFLOW_IO_ERROR;
}

static void make_header(uint8_t *header, uint32_t size, uint32_t sequence, uint32_t rows) {
    set32(header, size);
    set32(header + 4, sequence);
    set32(header + 8, rows);
    set32(header + 12, iotflow_crc32(0, header, 12));
}

static void begin_at_end_if_empty(iotflow_ring *ring) {
    if (ring->queued_batches == 0U) {
        ring->begin = ring->end;
    }
}

static iotflow_status begin_sector(iotflow_ring *ring) {
    writer out;
    iotflow_status status;
    if ((ring->queued_batches > 0U) && ((ring->end.sector + 1U - ring->begin.sector) >= ring->storage->sectors)) {
        return IOTFLOW_QUEUE_FULL;
    }
    ring->end.sector++;
    ring->end.offset = 0;
    if (ring->queued_batches == 0U) {
        ring->begin.sector = ring->end.sector;
        ring->begin.offset = IOTFLOW_SECTOR_HEADER;
    }
    make_header(out.bytes, MAGIC, ring->end.sector, ring->next_sequence);
    make_header(out.bytes + IOTFLOW_SECTOR_HEADER, 0, ring->acknowledged, ring->device);
    out.ring = ring;
    out.used = SECTOR_BEGIN;
    status = write_chunk(&out);
    if (status != IOTFLOW_OK) {
        /* The same sector is begun again: its number must not be skipped, or what it held before would be read. */
        ring->end.sector--;
        ring->end.offset = ring->storage->sector_size;
        begin_at_end_if_empty(ring);
    }
    return status;
}

/* Makes room for a record. A sector that could not be written to its end is left. */
static iotflow_status reserve(iotflow_ring *ring, uint32_t payload) {
    const uint32_t needed = (uint32_t)IOTFLOW_RECORD_HEADER + padded(payload);
    iotflow_status status = IOTFLOW_OK;
    if (ring->end.offset + needed > ring->storage->sector_size) {
        status = begin_sector(ring);
    }
    return status;
}

/* Counts the bytes of a payload and continues the checksum of its header. */
typedef struct {
    uint32_t size;
    uint32_t crc;
} measured;

static iotflow_status measure_bytes(void *context, const uint8_t *data, uint32_t size) {
    measured *so_far = (measured *)context;
    so_far->size += size;
    so_far->crc = iotflow_crc32(so_far->crc, data, size);
    return IOTFLOW_OK;
}

static iotflow_sink sink_to(iotflow_status (*write)(void *context, const uint8_t *data, uint32_t size), void *context) {
    iotflow_sink sink;
    sink.write = write;
    sink.context = context;
    sink.status = IOTFLOW_OK;
    return sink;
}

/* The rest of a sector after a failed write is not used. */
static iotflow_status leave_if_failed(iotflow_ring *ring, iotflow_status status) {
    if (status == IOTFLOW_IO_ERROR) {
        ring->end.offset = ring->storage->sector_size;
    }
    return status;
}

static iotflow_status write_record(iotflow_ring *ring, const iotflow_batch *batch, const measured *payload) {
    writer out;
    iotflow_sink sink = sink_to(write_bytes, &out);
    uint8_t header[IOTFLOW_RECORD_HEADER];
    make_header(header, payload->size, ring->next_sequence, batch->rows);
    set32(header + 12, payload->crc ^ get32(header + 12));
    out.ring = ring;
    out.used = 0;
    iotflow_put_bytes(&sink, header, sizeof header);
    iotflow_batch_encode(batch, ring->next_sequence, &sink);
    if (sink.status == IOTFLOW_OK) {
        sink.status = write_rest(&out);
    }
    return (sink.status == IOTFLOW_OK) ? synchronize(ring) : sink.status;
}

uint32_t iotflow_ring_largest(const iotflow_ring *ring) {
    return ring->storage->sector_size - (uint32_t)SECTOR_BEGIN - (uint32_t)IOTFLOW_RECORD_HEADER;
}

/* Reading. */

static bool is_before_end(const iotflow_ring *ring, iotflow_place place) {
    return (place.sector != ring->end.sector) || (place.offset < ring->end.offset);
}

/* The header at a place, if it has one. The checksum of header and payload is returned, not compared. */
static iotflow_status read_header(const iotflow_ring *ring, iotflow_place place, iotflow_record *record, uint32_t *crc) {
    uint8_t header[IOTFLOW_RECORD_HEADER];
    iotflow_status status;
    if (place.offset + (uint32_t)IOTFLOW_RECORD_HEADER > ring->storage->sector_size) {
        return IOTFLOW_AGAIN;
    }
    status = read_at(ring, place, header, sizeof header);
    if (status != IOTFLOW_OK) {
        return status;
    }
    record->size = get32(header);
    record->sequence = get32(header + 4);
    record->rows = get32(header + 8);
    record->payload = offset_of(ring, place) + (uint32_t)IOTFLOW_RECORD_HEADER;
    *crc = get32(header + 12) ^ iotflow_crc32(0, header, 12);
    return (record->size > (ring->storage->sector_size - place.offset - (uint32_t)IOTFLOW_RECORD_HEADER)) ? IOTFLOW_AGAIN
                                                                                                          : IOTFLOW_OK;
}

/* IOTFLOW_AGAIN: its checksum is another one. */
static iotflow_status check_payload(const iotflow_ring *ring, const iotflow_record *record, uint32_t expected) {
    const iotflow_storage *storage = ring->storage;
    uint8_t bytes[CHUNK];
    uint32_t done = 0;
    uint32_t crc = 0;
    while (done < record->size) {
        const uint32_t left = record->size - done;
        const uint32_t part = (left < (uint32_t)CHUNK) ? left : (uint32_t)CHUNK;
        if (storage->read(storage->context, record->payload + done, bytes, part) != 0) {
            return IOTFLOW_IO_ERROR;
        }
        crc = iotflow_crc32(crc, bytes, part);
        done += part;
    }
    return (crc == expected) ? IOTFLOW_OK : IOTFLOW_AGAIN;
}

/* Reads the next intact record, also one of an acknowledgement, within a sector. */
static iotflow_status next_in_sector(const iotflow_ring *ring, iotflow_place *place, iotflow_record *record) {
    uint32_t crc;
    iotflow_status status = read_header(ring, *place, record, &crc);
    if (status == IOTFLOW_OK) {
        status = check_payload(ring, record, crc);
    }
    if (status == IOTFLOW_OK) {
        place->offset += (uint32_t)IOTFLOW_RECORD_HEADER + padded(record->size);
    }
    return status;
}

iotflow_status iotflow_ring_next(const iotflow_ring *ring, iotflow_place *place, iotflow_record *record) {
    while (is_before_end(ring, *place)) {
        const iotflow_status status = next_in_sector(ring, place, record);
        if (status == IOTFLOW_IO_ERROR) {
            return status;
        }
        if ((status == IOTFLOW_OK) && (record->size > 0U)) {
            return IOTFLOW_OK;
        }
        if (status == IOTFLOW_AGAIN) {
            if (place->sector == ring->end.sector) {
                return IOTFLOW_AGAIN;
            }
            place->sector++;
            place->offset = IOTFLOW_SECTOR_HEADER;
        }
    }
    return IOTFLOW_AGAIN;
}

/* Whether a write that failed has left the whole record, which will be read, and so is in the queue. */
static bool is_written(const iotflow_ring *ring, iotflow_place place) {
    iotflow_record record;
    return (next_in_sector(ring, &place, &record) == IOTFLOW_OK) && (record.sequence == ring->next_sequence);
}

iotflow_status iotflow_ring_append(iotflow_ring *ring, const iotflow_batch *batch) {
    measured payload = {0, 0};
    iotflow_sink sink = sink_to(measure_bytes, &payload);
    iotflow_place place;
    iotflow_status status;
    iotflow_batch_encode(batch, ring->next_sequence, &sink);
    if (payload.size > iotflow_ring_largest(ring)) {
        return IOTFLOW_TOO_LARGE;
    }
    status = reserve(ring, payload.size);
    if (status != IOTFLOW_OK) {
        return status;
    }
    place = ring->end;
    status = write_record(ring, batch, &payload);
    if ((status == IOTFLOW_OK) || is_written(ring, place)) {
        ring->begin = (ring->queued_batches == 0U) ? place : ring->begin;
        ring->next_sequence++;
        ring->queued_batches++;
        ring->queued_rows += batch->rows;
    }
    return leave_if_failed(ring, status);
}

/* Removal. */

/* The oldest batch is in this sector, so that those before it can be used again. */
static void begin_in(iotflow_ring *ring, uint32_t sector) {
    if (ring->begin.sector != sector) {
        ring->begin.sector = sector;
        ring->begin.offset = IOTFLOW_SECTOR_HEADER;
    }
}

/* States the acknowledged sequence and the device in persistent storage. Without room the next sector will state them. */
static iotflow_status write_statement(iotflow_ring *ring) {
    writer out;
    iotflow_status status;
    if (!ring->storage->persistent) {
        return IOTFLOW_OK;
    }
    status = reserve(ring, 0);
    if (status == IOTFLOW_OK) {
        make_header(out.bytes, 0, ring->acknowledged, ring->device);
        out.ring = ring;
        out.used = IOTFLOW_RECORD_HEADER;
        status = write_chunk(&out);
    }
    return (status == IOTFLOW_QUEUE_FULL) ? IOTFLOW_OK : leave_if_failed(ring, status);
}

bool iotflow_ring_claim(iotflow_ring *ring, uint32_t device) {
    if (!ring->storage->persistent || (ring->device == device)) {
        return true;
    }
    if ((ring->device != 0U) && (ring->queued_batches > 0U)) {
        return false;
    }
    ring->device = device;
    /* Storage that fails keeps nothing from being sent, which may make room: each acknowledgement states the device again. */
    if (write_statement(ring) == IOTFLOW_OK) {
        (void)synchronize(ring);
    }
    return true;
}

/* Removes every batch up to the sequence. */
static iotflow_status remove_until(iotflow_ring *ring, uint32_t sequence, uint32_t *rows) {
    ring->acknowledged = sequence;
    *rows = 0;
    while (ring->queued_batches > 0U) {
        iotflow_place place = ring->begin;
        iotflow_record record;
        const iotflow_status status = iotflow_ring_next(ring, &place, &record);
        if (status == IOTFLOW_IO_ERROR) {
            return status;
        }
        if (status != IOTFLOW_OK) {
            /* Damage has left fewer batches than were counted. */
            break;
        }
        if (record.sequence > sequence) {
            begin_in(ring, place.sector);
            break;
        }
        ring->begin = place;
        ring->queued_batches--;
        ring->queued_rows -= record.rows;
        *rows += record.rows;
    }
    begin_at_end_if_empty(ring);
    return IOTFLOW_OK;
}

/* Releases the sectors from this number on that are before the begin of the queue, and were not written again since. */
static void release_from(const iotflow_ring *ring, uint32_t number) {
    const iotflow_storage *storage = ring->storage;
    for (; (storage->release != NULL) && (number < ring->begin.sector); number++) {
        const iotflow_place place = {number, 0};
        if ((ring->end.sector - number) < storage->sectors) {
            storage->release(storage->context, offset_of(ring, place));
        }
    }
}

iotflow_status iotflow_ring_acknowledge(iotflow_ring *ring, uint32_t sequence, uint32_t *rows) {
    const uint32_t first = ring->begin.sector;
    iotflow_status status;
    *rows = 0;
    if ((sequence <= ring->acknowledged) || (sequence >= ring->next_sequence)) {
        return IOTFLOW_OK;
    }
    status = remove_until(ring, sequence, rows);
    if (status == IOTFLOW_OK) {
        status = write_statement(ring);
    }
    if (status == IOTFLOW_OK) {
        release_from(ring, first);
    }
    return status;
}

iotflow_status iotflow_ring_drop_oldest(iotflow_ring *ring, uint32_t *rows) {
    iotflow_place place = ring->begin;
    iotflow_record record;
    const uint32_t first = place.sector;
    uint32_t last = ring->acknowledged;
    uint32_t sector = 0;
    iotflow_status status;
    while ((iotflow_ring_next(ring, &place, &record) == IOTFLOW_OK) && ((sector == 0U) || (place.sector == sector))) {
        sector = place.sector;
        last = record.sequence;
    }
    status = remove_until(ring, last, rows);
    release_from(ring, first);
    return status;
}

uint32_t iotflow_ring_fill(const iotflow_ring *ring) {
    const uint32_t full = ring->storage->sectors;
    uint32_t used = ring->end.sector - ring->begin.sector;
    if (ring->queued_batches == 0U) {
        return 0;
    }
    used = (used * 256U) + ((ring->end.offset * 255U) / ring->storage->sector_size);
    return used / full;
}

/* Opening: finds the newest sector, goes back to the oldest, and reads all records in order. */

static bool read_sector(const iotflow_ring *ring, uint32_t slot, uint32_t *number, uint32_t *next) {
    uint8_t header[IOTFLOW_SECTOR_HEADER];
    const iotflow_place place = {slot, 0};
    if (read_at(ring, place, header, sizeof header) != IOTFLOW_OK) {
        return false;
    }
    *number = get32(header + 4);
    *next = get32(header + 8);
    return (get32(header) == MAGIC) && (get32(header + 12) == iotflow_crc32(0, header, 12)) &&
           ((*number % ring->storage->sectors) == slot);
}

static void raise_to(uint32_t *to, uint32_t value) { *to = (value > *to) ? value : *to; }

/* The sectors that hold something. False: none. */
static bool find_sectors(iotflow_ring *ring, uint32_t *oldest, uint32_t *newest) {
    uint32_t slot;
    *oldest = UINT32_MAX;
    *newest = 0;
    for (slot = 0; slot < ring->storage->sectors; slot++) {
        uint32_t number;
        uint32_t next;
        if (read_sector(ring, slot, &number, &next)) {
            raise_to(&ring->next_sequence, next);
            *oldest = (number < *oldest) ? number : *oldest;
            raise_to(newest, number);
        }
    }
    if ((*newest >= *oldest) && ((*newest - *oldest) >= ring->storage->sectors)) {
        *oldest = *newest - ring->storage->sectors + 1U;
    }
    return *newest >= *oldest;
}

static bool is_erased(const iotflow_ring *ring, iotflow_place place) {
    uint8_t bytes[IOTFLOW_RING_UNIT];
    uint32_t i;
    while (place.offset < ring->storage->sector_size) {
        if (read_at(ring, place, bytes, sizeof bytes) != IOTFLOW_OK) {
            return false;
        }
        for (i = 0; i < sizeof bytes; i++) {
            if (bytes[i] != 0xffU) {
                return false;
            }
        }
        place.offset += (uint32_t)sizeof bytes;
    }
    return true;
}

/* Reads one sector to its last intact record. */
static iotflow_status scan_sector(iotflow_ring *ring, iotflow_place *place, bool *damaged) {
    iotflow_record record;
    iotflow_status status;
    do {
        status = next_in_sector(ring, place, &record);
        if ((status == IOTFLOW_OK) && (record.size > 0U)) {
            raise_to(&ring->next_sequence, record.sequence + 1U);
        } else if (status == IOTFLOW_OK) {
            raise_to(&ring->acknowledged, record.sequence);
            ring->device = record.rows;
        } else {
            /* The last one was read. */
        }
    } while (status == IOTFLOW_OK);
    *damaged = !is_erased(ring, *place);
    return (status == IOTFLOW_AGAIN) ? IOTFLOW_OK : status;
}

/* IOTFLOW_AGAIN: all were counted. */
static iotflow_status count_queued(iotflow_ring *ring) {
    iotflow_place place = ring->begin;
    iotflow_record record;
    iotflow_status status;
    ring->queued_batches = 0;
    ring->queued_rows = 0;
    for (status = iotflow_ring_next(ring, &place, &record); status == IOTFLOW_OK;
         status = iotflow_ring_next(ring, &place, &record)) {
        if (record.sequence <= ring->acknowledged) {
            ring->begin = place;
        } else {
            if (ring->queued_batches == 0U) {
                begin_in(ring, place.sector);
            }
            ring->queued_batches++;
            ring->queued_rows += record.rows;
        }
    }
    if (is_before_end(ring, place)) {
        /* What is written behind damage would not be read. */
        ring->end.offset = ring->storage->sector_size;
    }
    begin_at_end_if_empty(ring);
    return status;
}

uint32_t iotflow_ring_recount(iotflow_ring *ring) {
    const iotflow_ring before = *ring;
    if (count_queued(ring) != IOTFLOW_AGAIN) {
        /* Storage that cannot be read for a while loses nothing. */
        *ring = before;
    }
    return before.queued_rows - ring->queued_rows;
}

iotflow_status iotflow_ring_open(iotflow_ring *ring, const iotflow_storage *storage) {
    uint32_t oldest;
    uint32_t newest;
    uint32_t number;
    bool damaged = false;
    iotflow_status status;
    (void)memset(ring, 0, sizeof *ring);
    ring->storage = storage;
    ring->next_sequence = 1;
    ring->end.offset = storage->sector_size;
    ring->begin = ring->end;
    if ((storage->sectors < 2U) || ((storage->sector_size % (uint32_t)IOTFLOW_RING_UNIT) != 0U) ||
        (storage->sector_size < (uint32_t)(SECTOR_BEGIN + IOTFLOW_RECORD_HEADER + IOTFLOW_RING_UNIT))) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    if (!storage->persistent || !find_sectors(ring, &oldest, &newest)) {
        return IOTFLOW_OK;
    }
    for (number = oldest; (number - oldest) <= (newest - oldest); number++) {
        ring->end.sector = number;
        ring->end.offset = IOTFLOW_SECTOR_HEADER;
        if (scan_sector(ring, &ring->end, &damaged) != IOTFLOW_OK) {
            return IOTFLOW_IO_ERROR;
        }
        ring->damaged += (damaged && (number != newest)) ? 1U : 0U;
    }
    /* What follows the last record of the newest sector was cut off when the process ended; it cannot be written again. */
    ring->begin.sector = oldest;
    ring->begin.offset = IOTFLOW_SECTOR_HEADER;
    if (damaged) {
        ring->end.offset = storage->sector_size;
    }
    status = count_queued(ring);
    if (ring->queued_batches == 0U) {
        /* What is added before the device is known is of the next one. */
        ring->device = 0;
    }
    return (status == IOTFLOW_AGAIN) ? IOTFLOW_OK : status;
}
