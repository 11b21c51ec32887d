/* A full queue whose oldest batches are damaged. */
#include <string.h>

#include "check.h"
#include "iotflow/writer.h"

enum { SECTOR = 256, SECTORS = 4 };

static uint8_t rows[128], queue[SECTOR * SECTORS];
static iotflow_writer writer;
static iotflow_storage storage;
static uint32_t dropped[3];

static void note_dropped(void *context, uint32_t number, iotflow_drop reason) {
    (void)context;
    dropped[reason] += number;
}

static void add_row(void) {
    const iotflow_value value = iotflow_double(1);
    CHECK(iotflow_writer_add(&writer, 0, 1000, &value) == IOTFLOW_OK);
}

static void damage_is_dropped_as_the_oldest(void) {
    static const iotflow_column column = {"level", IOTFLOW_DOUBLE};
    iotflow_writer_options options;
    uint32_t added = 0;
    uint32_t i;
    (void)memset(&options, 0, sizeof options);
    options.columns = &column;
    options.column_count = 1;
    options.memory = rows;
    options.memory_size = sizeof rows;
    options.rows = 1;
    options.policy = IOTFLOW_POLICY_DROP_OLDEST;
    options.dropped = note_dropped;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, SECTORS);
    CHECK(iotflow_writer_open(&writer, &options, &storage) == IOTFLOW_OK);
    while (dropped[IOTFLOW_DROPPED_QUEUE_FULL] == 0U) {
        add_row();
        added++;
        CHECK(added < 100U);
    }
    /* Nothing in the queue can be read any more, and no connection has noticed it. */
    (void)memset(queue, 0, sizeof queue);
    for (i = 0; i < 20U; i++) {
        add_row();
        added++;
    }
    CHECK(dropped[IOTFLOW_DROPPED_DAMAGED] > 0U);
    CHECK((dropped[IOTFLOW_DROPPED_QUEUE_FULL] + dropped[IOTFLOW_DROPPED_DAMAGED] + writer.ring.queued_rows) == added);
    CHECK((writer.batch.rows == 0U) && (writer.ring.queued_rows > 0U));
}

int main(void) {
    damage_is_dropped_as_the_oldest();
    return finish("writer");
}
