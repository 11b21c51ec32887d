/* The id and the key of a device in a file of its own, NAME.key in the working folder, so that it registers only once. */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "iotflow/key.h"

typedef struct {
    char path[160];
    uint32_t device_id;
    char key[IOTFLOW_LONGEST_KEY + 1];
} key_file;

/* False: there is none, and the device has to register. */
static bool read_key(key_file *kept, const char *name) {
    FILE *from;
    bool whole;
    (void)snprintf(kept->path, sizeof kept->path, "%s.key", name);
    from = fopen(kept->path, "r");
    if (from == NULL) {
        return false;
    }
    whole = fscanf(from, "%" SCNu32 " %128s", &kept->device_id, kept->key) == 2;
    (void)fclose(from);
    if (!whole) {
        (void)fprintf(stderr, "%s has no id and key; the device registers again\n", kept->path);
    }
    return whole;
}

/* The file is for its owner alone. The server does not show the key again. */
static void write_key(const key_file *kept, uint32_t device_id, const char *key) {
    char line[IOTFLOW_LONGEST_KEY + 16];
    const int size = snprintf(line, sizeof line, "%" PRIu32 " %s\n", device_id, key);
    const int to = open(kept->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    const bool whole = (to >= 0) && (write(to, line, (size_t)size) == size) && (fsync(to) == 0);
    if (!whole) {
        (void)fprintf(stderr, "the key cannot be kept in %s: %s\n", kept->path, strerror(errno));
    }
    if (to >= 0) {
        (void)close(to);
    }
}

#endif
