/** The storage of the writer's queue: in memory, or a file in a folder. */
#ifndef TESTEE_QUEUE_H
#define TESTEE_QUEUE_H

#include "iotflow/ring.h"

/** Opens it. folder: null: memory. limit: bytes. IOTFLOW_AGAIN: another writer has the file. */
iotflow_status open_queue(const char *folder, uint32_t rows_of_batch, uint32_t limit);
/** The folder of the queue that was opened last; empty: in memory. */
const char *queue_folder(void);
/** What open_queue has opened. */
const iotflow_storage *queue_storage(void);
void close_queue(void);

#endif
