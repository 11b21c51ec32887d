#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "iotflow_posix.h"

enum { SECTORS = 16, SMALLEST_SECTOR = 512, LARGEST_SECTOR = 128 << 10, BYTES_OF_ROW = 128, PATH_BYTES = 1024 };

static iotflow_storage storage;
static iotflow_posix_file file = {-1, 0};
static void *ram;
static char opened_folder[PATH_BYTES];

/* A sector holds a batch of these rows with ten columns; a sixteenth of the limit at most. */
static uint32_t sector_for(uint32_t rows_of_batch, uint32_t limit) {
    const uint32_t wanted = (rows_of_batch == 0U) ? LARGEST_SECTOR : (rows_of_batch * BYTES_OF_ROW);
    uint32_t sector = (wanted < (limit / SECTORS)) ? wanted : (limit / SECTORS);
    sector = (sector > LARGEST_SECTOR) ? LARGEST_SECTOR : sector;
    return ((sector < SMALLEST_SECTOR) ? SMALLEST_SECTOR : sector) & ~15U;
}

/* A file keeps the sectors that it was made with; their size is beside it. */
static uint32_t kept_sector(const char *folder, uint32_t wanted) {
    char path[PATH_BYTES];
    FILE *kept;
    unsigned sector = wanted;
    (void)snprintf(path, sizeof path, "%s/sector", folder);
    kept = fopen(path, "r");
    if (kept != NULL) {
        sector = (fscanf(kept, "%u", &sector) == 1) ? sector : wanted;
    } else if ((kept = fopen(path, "w")) != NULL) {
        (void)fprintf(kept, "%u\n", sector);
    } else {
        return sector;
    }
    (void)fclose(kept);
    return sector;
}

static uint32_t sectors_of(uint32_t sector, uint32_t limit) {
    return ((limit / sector) < SECTORS) ? SECTORS : (limit / sector);
}

static iotflow_status open_memory(uint32_t sector, uint32_t sectors) {
    free(ram);
    ram = malloc((size_t)sector * sectors);
    iotflow_storage_in_ram(&storage, ram, sector * sectors, sectors);
    return (ram == NULL) ? IOTFLOW_IO_ERROR : IOTFLOW_OK;
}

iotflow_status open_queue(const char *folder, uint32_t rows_of_batch, uint32_t limit) {
    char path[PATH_BYTES];
    uint32_t sector = sector_for(rows_of_batch, limit);
    (void)snprintf(opened_folder, sizeof opened_folder, "%s", (folder == NULL) ? "" : folder);
    if (folder == NULL) {
        return open_memory(sector, sectors_of(sector, limit));
    }
    (void)mkdir(folder, 0700);
    sector = kept_sector(folder, sector);
    (void)snprintf(path, sizeof path, "%s/ring", folder);
    return iotflow_posix_storage(&storage, &file, path, sector, sectors_of(sector, limit));
}

const char *queue_folder(void) { return opened_folder; }

const iotflow_storage *queue_storage(void) { return &storage; }

void close_queue(void) {
    if (file.handle >= 0) {
        iotflow_posix_file_close(&file);
    }
}
