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

/* The file is for its owner alone. */
static bool write_line(const char *path, const char *line) {
    const size_t size = strlen(line);
    const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    const bool whole = (to >= 0) && (write(to, line, size) == (ssize_t)size) && (fsync(to) == 0);
    if (to >= 0) {
        (void)close(to);
    }
    return whole;
}

/* Beside the former one first, because the server does not show a key again. */
static void write_key(const key_file *kept, uint32_t device_id, const char *key) {
    char line[IOTFLOW_LONGEST_KEY + 16];
    char beside[sizeof kept->path + 4];
    const int folder = open(".", O_RDONLY | O_CLOEXEC);
    (void)snprintf(line, sizeof line, "%" PRIu32 " %s\n", device_id, key);
    (void)snprintf(beside, sizeof beside, "%s.new", kept->path);
    if (!write_line(beside, line) || (rename(beside, kept->path) != 0) || (folder < 0) || (fsync(folder) != 0)) {
        (void)fprintf(stderr, "the key cannot be kept in %s: %s\n", kept->path, strerror(errno));
    }
    if (folder >= 0) {
        (void)close(folder);
    }
}

#endif
