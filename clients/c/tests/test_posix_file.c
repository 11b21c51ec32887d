/* A file as the flash of a queue: its mode, links, its one process, and a file that is cut while its writer runs. */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "iotflow/writer.h"
#include "iotflow_posix.h"

enum { SECTOR = 512, SECTORS = 4 };

static iotflow_storage storage;
static iotflow_posix_file file;
static uint32_t damaged_rows;

static iotflow_status open_file(const char *path) { return iotflow_posix_storage(&storage, &file, path, SECTOR, SECTORS); }

static void a_file_is_for_its_owner_alone(void) {
    struct stat made;
    const mode_t mask = umask(0);
    CHECK(open_file("queue") == IOTFLOW_OK);
    (void)umask(mask);
    CHECK((stat("queue", &made) == 0) && ((made.st_mode & 0777U) == 0600U));
    iotflow_posix_file_close(&file);
}

static void no_link_is_followed(void) {
    struct stat target;
    CHECK(symlink("target", "link") == 0);
    CHECK((open_file("link") == IOTFLOW_IO_ERROR) && (errno == ELOOP));
    CHECK(stat("target", &target) != 0);
    CHECK(symlink("queue", "link to a queue") == 0);
    CHECK((open_file("link to a queue") == IOTFLOW_IO_ERROR) && (errno == ELOOP));
}

static void a_file_has_one_process(void) {
    int status = 0;
    pid_t child;
    CHECK(open_file("queue") == IOTFLOW_OK);
    child = fork();
    if (child == 0) {
        _exit((open_file("queue") == IOTFLOW_AGAIN) ? 0 : 1);
    }
    CHECK((waitpid(child, &status, 0) == child) && (status == 0));
    iotflow_posix_file_close(&file);
}

static void offsets_have_32_bits(void) {
    CHECK(iotflow_posix_storage(&storage, &file, "large", 65536, 65536) == IOTFLOW_INVALID_ARGUMENT);
    CHECK(access("large", F_OK) != 0);
}

static void note_dropped(void *context, uint32_t rows, iotflow_drop reason) {
    (void)context;
    CHECK(reason == IOTFLOW_DROPPED_DAMAGED);
    damaged_rows += rows;
}

static void add_row(iotflow_writer *writer) {
    const iotflow_value value = iotflow_double(1);
    CHECK(iotflow_writer_add(writer, 0, 1000, &value) == IOTFLOW_OK);
}

/* Without acknowledgements: takes every batch that can be read as sent. */
static void send_all(iotflow_writer *writer) {
    iotflow_place place = writer->ring.begin;
    iotflow_record record;
    while (iotflow_writer_next(writer, &place, 0, &record) == IOTFLOW_OK) {
        CHECK(iotflow_writer_acknowledge(writer, record.sequence) == IOTFLOW_OK);
    }
}

static void a_file_that_is_cut_loses_what_it_held(void) {
    static const iotflow_column column = {"level", IOTFLOW_DOUBLE};
    static uint8_t rows[256];
    iotflow_writer_options options;
    iotflow_writer writer;
    (void)memset(&options, 0, sizeof options);
    options.columns = &column;
    options.column_count = 1;
    options.memory = rows;
    options.memory_size = sizeof rows;
    options.rows = 1;
    options.dropped = note_dropped;
    CHECK(open_file("cut") == IOTFLOW_OK);
    CHECK(iotflow_writer_open(&writer, &options, &storage) == IOTFLOW_OK);
    add_row(&writer);
    add_row(&writer);
    CHECK(truncate("cut", SECTOR) == 0);
    send_all(&writer);
    CHECK((damaged_rows == 2U) && iotflow_writer_is_empty(&writer));
    add_row(&writer);
    send_all(&writer);
    CHECK((writer.acknowledged_rows == 1U) && (damaged_rows == 2U) && iotflow_writer_is_empty(&writer));
    iotflow_posix_file_close(&file);
}

int main(void) {
    char folder[] = "/tmp/iotflow-XXXXXX";
    const bool ready = (mkdtemp(folder) != NULL) && (chdir(folder) == 0);
    CHECK(ready);
    if (ready) {
        a_file_is_for_its_owner_alone();
        no_link_is_followed();
        a_file_has_one_process();
        offsets_have_32_bits();
        a_file_that_is_cut_loses_what_it_held();
        CHECK((unlink("queue") == 0) && (unlink("cut") == 0) && (unlink("link") == 0) && (unlink("link to a queue") == 0));
        CHECK(rmdir(folder) == 0);
    }
    return finish("posix_file");
}
