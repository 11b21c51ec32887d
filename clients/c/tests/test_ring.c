#include <string.h>

#include "check.h"
#include "iotflow/ring.h"

enum { SECTOR = 256, SECTORS = 4 };

/* Flash that checks its rules: whole units, erased before written, and power that ends after a number of bytes. */
typedef struct {
    uint8_t bytes[SECTOR * SECTORS];
    uint32_t left;
} flash;

/* Reads that succeed before one fails. */
static uint32_t reads_left = UINT32_MAX;

static int flash_read(void *context, uint32_t offset, void *data, uint32_t size) {
    if (reads_left == 0U) {
        return -1;
    }
    reads_left--;
    (void)memcpy(data, ((const flash *)context)->bytes + offset, size);
    return 0;
}

static int flash_write(void *context, uint32_t offset, const void *data, uint32_t size) {
    flash *to = (flash *)context;
    uint32_t i;
    CHECK(((offset % IOTFLOW_RING_UNIT) == 0U) && ((size % IOTFLOW_RING_UNIT) == 0U));
    if ((offset % SECTOR) == 0U) {
        if (to->left == 0U) {
            return -1;
        }
        (void)memset(to->bytes + offset, 0xff, SECTOR);
    }
    for (i = 0; i < size; i++) {
        if (to->left == 0U) {
            return -1;
        }
        to->left--;
        CHECK(to->bytes[offset + i] == 0xffU);
        to->bytes[offset + i] = ((const uint8_t *)data)[i];
    }
    return 0;
}

/* Whether the storage takes sectors back, and how many it took. */
static bool releases;
static uint32_t released;

/* A released sector is gone, as where a file system takes its room back. */
static void flash_release(void *context, uint32_t offset) {
    CHECK((offset % SECTOR) == 0U);
    (void)memset(((flash *)context)->bytes + offset, 0, SECTOR);
    released++;
}

static const iotflow_column column = {"level", IOTFLOW_DOUBLE};
static flash memory;
static iotflow_storage storage;

static void prepare(void) {
    (void)memset(memory.bytes, 0xff, sizeof memory.bytes);
    memory.left = UINT32_MAX;
    storage.read = flash_read;
    storage.write = flash_write;
    storage.synchronize = NULL;
    storage.release = releases ? flash_release : NULL;
    storage.context = &memory;
    storage.sector_size = SECTOR;
    storage.sectors = SECTORS;
    storage.persistent = true;
}

static iotflow_status append(iotflow_ring *ring, uint32_t rows) {
    uint8_t bytes[256];
    iotflow_batch batch;
    uint32_t i;
    iotflow_batch_begin(&batch, &column, 1, bytes, sizeof bytes);
    for (i = 0; i < rows; i++) {
        const iotflow_value value = iotflow_double((double)i);
        CHECK(iotflow_batch_add(&batch, 1000 + (int64_t)i, &value, 1000) == IOTFLOW_OK);
    }
    return iotflow_ring_append(ring, &batch);
}

/* Failures may lose the newest acknowledgements, so that the queue begins behind acknowledged + 1. */
static bool forgetful;

/* The sequences in the queue must follow each other, from acknowledged + 1 to next_sequence - 1. */
static void check_order(const iotflow_ring *ring) {
    iotflow_place place = ring->begin;
    iotflow_record record;
    uint32_t expected = ring->acknowledged + 1U;
    uint32_t rows = 0;
    while (iotflow_ring_next(ring, &place, &record) == IOTFLOW_OK) {
        expected = (forgetful && (rows == 0U) && (record.sequence > expected)) ? record.sequence : expected;
        CHECK(record.sequence == expected);
        expected++;
        rows += record.rows;
    }
    CHECK((expected == ring->next_sequence) || (forgetful && (rows == 0U)));
    CHECK(rows == ring->queued_rows);
}

static void keeps_order_for_long(bool persistent) {
    iotflow_ring ring;
    uint32_t turn;
    uint32_t rows;
    prepare();
    storage.persistent = persistent;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    for (turn = 0; turn < 3000U; turn++) {
        const iotflow_status status = append(&ring, 1U + (turn % 7U));
        CHECK((status == IOTFLOW_OK) || (status == IOTFLOW_QUEUE_FULL));
        if ((status == IOTFLOW_QUEUE_FULL) || ((turn % 5U) == 3U)) {
            CHECK(iotflow_ring_acknowledge(&ring, ring.acknowledged + 1U + (turn % 3U), &rows) == IOTFLOW_OK);
        }
        check_order(&ring);
        if (persistent && ((turn % 11U) == 0U)) {
            const uint32_t next = ring.next_sequence;
            CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
            CHECK((ring.next_sequence == next) && (ring.damaged == 0U));
            check_order(&ring);
        }
    }
    CHECK(ring.next_sequence > 500U);
}

/* Power fails after each number of bytes: every batch that append confirmed is there, and nothing that was never appended. */
static void survives_power_failures(void) {
    uint32_t cut;
    for (cut = 1; cut < 3000U; cut++) {
        iotflow_ring ring;
        uint32_t stored = 0;
        uint32_t acknowledged = 0;
        uint32_t rows;
        prepare();
        memory.left = cut;
        CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
        while (memory.left > 0U) {
            if (append(&ring, 3) == IOTFLOW_OK) {
                stored = ring.next_sequence - 1U;
            }
            if ((stored > (acknowledged + 3U)) && (iotflow_ring_acknowledge(&ring, acknowledged + 2U, &rows) == IOTFLOW_OK)) {
                acknowledged += 2U;
            }
        }
        memory.left = UINT32_MAX;
        CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
        CHECK(ring.next_sequence >= (stored + 1U));
        CHECK(ring.next_sequence <= (stored + 2U));
        CHECK(ring.acknowledged <= (acknowledged + 2U));
        check_order(&ring);
        CHECK(append(&ring, 1) == IOTFLOW_OK);
        check_order(&ring);
    }
}

/* Storage that fails for a while: what was confirmed stays in order, before and after opening anew. */
static void goes_on_after_failures(void) {
    iotflow_ring ring;
    uint32_t turn;
    uint32_t rows;
    prepare();
    forgetful = true;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    for (turn = 0; turn < 5000U; turn++) {
        const uint32_t acknowledged = ring.acknowledged;
        memory.left = ((turn % 7U) < 4U) ? UINT32_MAX : ((turn * 37U) % 150U);
        (void)append(&ring, 1U + (turn % 5U));
        if ((turn % 3U) == 0U) {
            (void)iotflow_ring_acknowledge(&ring, acknowledged + 1U + (turn % 2U), &rows);
        }
        check_order(&ring);
        if ((turn % 13U) == 0U) {
            const uint32_t next = ring.next_sequence;
            CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
            CHECK(ring.next_sequence >= next);
            check_order(&ring);
        }
    }
    forgetful = false;
    CHECK(ring.next_sequence > 1000U);
}

static void drops_the_oldest_sector(void) {
    iotflow_ring ring;
    uint32_t rows;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    while (append(&ring, 5) == IOTFLOW_OK) {
        CHECK(ring.next_sequence < 100U);
    }
    CHECK(iotflow_ring_fill(&ring) >= 192U);
    released = 0;
    CHECK(iotflow_ring_drop_oldest(&ring, &rows) == IOTFLOW_OK);
    CHECK((rows > 0U) && (ring.acknowledged == (rows / 5U)));
    CHECK((released == 1U) == releases);
    CHECK(append(&ring, 5) == IOTFLOW_OK);
    check_order(&ring);
}

static void reports_damage(void) {
    iotflow_ring ring;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    while (append(&ring, 2) == IOTFLOW_OK) {
    }
    memory.bytes[SECTOR + IOTFLOW_SECTOR_HEADER + IOTFLOW_RECORD_HEADER + 3] ^= 1U;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(ring.damaged == 1U);
    CHECK(ring.queued_batches > 2U);
}

static void refuses_what_does_not_fit(void) {
    iotflow_ring ring;
    prepare();
    storage.sectors = 1;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_INVALID_ARGUMENT);
    storage.sectors = SECTORS;
    storage.sector_size = 40;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_INVALID_ARGUMENT);
    storage.sector_size = 48;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_INVALID_ARGUMENT);
    storage.sector_size = 64;
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(append(&ring, 2) == IOTFLOW_TOO_LARGE);
}

static void is_of_one_device(void) {
    iotflow_ring ring;
    uint32_t turn;
    uint32_t rows;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(append(&ring, 3) == IOTFLOW_OK);
    CHECK(iotflow_ring_claim(&ring, 5) && iotflow_ring_claim(&ring, 5));
    for (turn = 0; turn < 200U; turn++) {
        CHECK(append(&ring, 3) == IOTFLOW_OK);
        CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
        CHECK(ring.device == 5U);
        CHECK(!iotflow_ring_claim(&ring, 6) && (ring.device == 5U));
        CHECK(iotflow_ring_acknowledge(&ring, ring.acknowledged + 1U, &rows) == IOTFLOW_OK);
        check_order(&ring);
    }
    CHECK(iotflow_ring_acknowledge(&ring, ring.next_sequence - 1U, &rows) == IOTFLOW_OK);
    CHECK(iotflow_ring_claim(&ring, 6));
    CHECK(append(&ring, 3) == IOTFLOW_OK);
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(ring.device == 6U);
    CHECK(iotflow_ring_acknowledge(&ring, ring.next_sequence - 1U, &rows) == IOTFLOW_OK);
    /* An empty queue is of the device that comes next. */
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(append(&ring, 3) == IOTFLOW_OK);
    CHECK(iotflow_ring_claim(&ring, 7));
    storage.persistent = false;
    CHECK(iotflow_ring_claim(&ring, 8));
}

/* Without room for its statement, a sector that is begun later states the device. */
static void a_full_queue_is_claimed_with_the_next_sector(void) {
    iotflow_ring ring;
    uint32_t rows;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    /* These fill a sector to its end. */
    while (append(&ring, 7) == IOTFLOW_OK) {
    }
    CHECK(ring.end.offset == (uint32_t)SECTOR);
    CHECK(iotflow_ring_claim(&ring, 5) && (ring.device == 5U));
    while (ring.begin.sector == 1U) {
        CHECK(iotflow_ring_acknowledge(&ring, ring.acknowledged + 1U, &rows) == IOTFLOW_OK);
    }
    CHECK(ring.queued_batches > 0U);
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    CHECK(ring.device == 5U);
    check_order(&ring);
}

/* Power fails after each number of bytes: what was claimed before is of that device, and of no other one. */
static void a_claim_survives_power_failures(void) {
    uint32_t cut;
    for (cut = 1; cut < 1500U; cut++) {
        iotflow_ring ring;
        bool claimed = false;
        uint32_t rows;
        prepare();
        memory.left = cut;
        CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
        (void)append(&ring, 3);
        CHECK(iotflow_ring_claim(&ring, 5));
        claimed = memory.left > 0U;
        while (memory.left > 0U) {
            (void)append(&ring, 3);
            if (ring.queued_batches > 3U) {
                (void)iotflow_ring_acknowledge(&ring, ring.acknowledged + 2U, &rows);
            }
        }
        memory.left = UINT32_MAX;
        CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
        CHECK((ring.device == 5U) || ((ring.device == 0U) && (!claimed || (ring.queued_batches == 0U))));
        CHECK(iotflow_ring_claim(&ring, 5));
        check_order(&ring);
    }
}

static void damage_is_counted_once(void) {
    iotflow_ring ring;
    iotflow_place place;
    iotflow_record record;
    uint32_t rows;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    while (ring.end.sector < 3U) {
        CHECK(append(&ring, 2) == IOTFLOW_OK);
    }
    CHECK(iotflow_ring_recount(&ring) == 0U);
    rows = ring.queued_rows;
    place = ring.begin;
    CHECK(iotflow_ring_next(&ring, &place, &record) == IOTFLOW_OK);
    memory.bytes[record.payload] ^= 1U;
    CHECK(iotflow_ring_recount(&ring) == (rows - ring.queued_rows));
    CHECK((ring.queued_rows > 0U) && (ring.queued_rows < rows) && (ring.queued_rows == (2U * ring.queued_batches)));
    CHECK(ring.begin.sector == 2U);
    CHECK(iotflow_ring_recount(&ring) == 0U);
    /* The damaged sector can be written again. */
    CHECK(append(&ring, 2) == IOTFLOW_OK);
    while (append(&ring, 2) == IOTFLOW_OK) {
    }
    CHECK(ring.end.sector == 5U);
}

/* A read that fails, whichever it is, changes nothing. */
static void what_cannot_be_read_is_not_lost(void) {
    iotflow_ring ring;
    uint32_t reads;
    bool all = false;
    prepare();
    CHECK(iotflow_ring_open(&ring, &storage) == IOTFLOW_OK);
    while (append(&ring, 2) == IOTFLOW_OK) {
    }
    for (reads = 0; !all; reads++) {
        const iotflow_ring before = ring;
        CHECK(reads < 1000U);
        reads_left = reads;
        CHECK(iotflow_ring_recount(&ring) == 0U);
        all = reads_left > 0U;
        reads_left = UINT32_MAX;
        CHECK((ring.queued_batches == before.queued_batches) && (ring.end.offset == before.end.offset));
        check_order(&ring);
    }
}

static void run(void) {
    keeps_order_for_long(true);
    keeps_order_for_long(false);
    survives_power_failures();
    goes_on_after_failures();
    drops_the_oldest_sector();
    reports_damage();
    is_of_one_device();
    a_full_queue_is_claimed_with_the_next_sector();
    a_claim_survives_power_failures();
    damage_is_counted_once();
    what_cannot_be_read_is_not_lost();
    refuses_what_does_not_fit();
}

int main(void) {
    run();
    releases = true;
    run();
    return finish("ring");
}
