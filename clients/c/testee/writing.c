#include "writing.h"

#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "interruptions.h"
#include "iotflow_posix.h"
#include "lines.h"
#include "queue.h"
#include "rows.h"
#include "schema.h"

enum { ROWS_BYTES = 4 << 20, DEFAULT_LIMIT = 64 << 20, DEFAULT_BYTES = 256 << 10, DEFAULT_DEADLINE_MS = 10000 };

static iotflow_writer writer;
static bool is_open, refuses;
static uint8_t rows[ROWS_BYTES];

/* A flush, or a close, that waits for acknowledgements. */
static struct {
    int64_t id;
    bool active, closes;
    uint32_t deadline;
} flushing;

static void note_dropped(void *context, uint32_t count, iotflow_drop reason) {
    static const char *const names[] = {"QUEUE_FULL", "DISK_FULL", "DAMAGED"};
    (void)context;
    write_line("{\"event\":\"dropped\",\"rows\":%u,\"reason\":\"%s\"}", count, names[reason]);
}

static void note_rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    write_line(
        "{\"event\":\"rejected\",\"sequence\":%u,\"index\":%u,\"count\":%u,\"measurement\":\"%s\",\"reason\":\"%s\","
        "\"retryable\":%s}",
        rejection->sequence, rejection->index, rejection->count, rejection->measurement, rejection->reason,
        rejection->retryable ? "true" : "false");
}

/* Opening. */

static iotflow_policy policy_of(const char *word) {
    static const struct {
        const char *word;
        iotflow_policy policy;
    } policies[] = {{"drop_oldest", IOTFLOW_POLICY_DROP_OLDEST},
                    {"drop_newest", IOTFLOW_POLICY_DROP_NEWEST},
                    {"sample", IOTFLOW_POLICY_SAMPLE}};
    size_t i;
    for (i = 0; (word != NULL) && (i < (sizeof policies / sizeof *policies)); i++) {
        if (strcmp(word, policies[i].word) == 0) {
            return policies[i].policy;
        }
    }
    return IOTFLOW_POLICY_WAIT;
}

static bool has_word(iotflow_span request, const char *name, const char *word) {
    char *text = member_text(request, name);
    const bool same = (text != NULL) && (strcmp(text, word) == 0);
    free(text);
    return same;
}

static iotflow_writer_options options_of(iotflow_span request) {
    static const iotflow_column unknown = {"unknown", IOTFLOW_DOUBLE};
    iotflow_writer_options options;
    char *policy = member_text(request, "policy");
    (void)memset(&options, 0, sizeof options);
    options.columns = (column_count() > 0U) ? columns_now() : &unknown;
    options.column_count = (column_count() > 0U) ? column_count() : 1U;
    options.memory = rows;
    options.memory_size = sizeof rows;
    options.rows = (uint32_t)member_number(request, "rows", 0);
    options.bytes = (uint32_t)member_number(request, "bytes", DEFAULT_BYTES);
    options.age_ms = (uint32_t)member_number(request, "age_ms", 0);
    options.policy = policy_of(policy);
    options.server_times = has_word(request, "clock", "server");
    options.dropped = note_dropped;
    options.rejected = note_rejected;
    free(policy);
    return options;
}

static iotflow_status open_its_queue(iotflow_span request, uint32_t rows_of_batch) {
    char *folder = member_text(request, "folder");
    const iotflow_status status = open_queue(folder, rows_of_batch, (uint32_t)member_number(request, "limit", DEFAULT_LIMIT));
    free(folder);
    return status;
}

static void open_it(iotflow_span request, int64_t id) {
    const iotflow_writer_options options = options_of(request);
    const iotflow_status status = open_its_queue(request, options.rows);
    refuses = has_word(request, "policy", "refuse");
    if (status == IOTFLOW_AGAIN) {
        write_error(id, "FAILED_PRECONDITION", "QUEUE_IN_USE", "Another writer uses the queue.", false);
    } else if ((status != IOTFLOW_OK) || (iotflow_writer_open(&writer, &options, queue_storage()) != IOTFLOW_OK)) {
        write_error(id, "RESOURCE_EXHAUSTED", "DISK_FULL", "The queue cannot be opened.", true);
    } else {
        is_open = true;
        forget_interruptions();
        attach_writer(&writer);
        write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
    }
}

/* Flushing and closing. */

static void begin_flushing(iotflow_span request, int64_t id, bool closes) {
    flushing.id = id;
    flushing.active = true;
    flushing.closes = closes;
    flushing.deadline = iotflow_posix_now_ms() + (uint32_t)member_number(request, "deadline_ms", DEFAULT_DEADLINE_MS);
}

static void close_it(void) {
    is_open = false;
    attach_writer(NULL);
    close_queue();
}

static void go_on_flushing(iotflow_status state, uint32_t now_ms) {
    const bool late = (int32_t)(now_ms - flushing.deadline) >= 0;
    if (!flushing.active) {
        return;
    }
    (void)iotflow_writer_end(&writer);
    if (iotflow_writer_is_empty(&writer)) {
        write_line("{\"id\":%lld,\"result\":{}}", (long long)flushing.id);
    } else if (is_final(state)) {
        write_final_error(&writer, flushing.id, state);
    } else if (late) {
        write_error(flushing.id, "DEADLINE_EXCEEDED", "", "The deadline passed.", true);
    } else {
        return;
    }
    flushing.active = false;
    if (flushing.closes) {
        close_it();
    }
}

/* Requests. */

static void show_status(int64_t id) {
    const uint64_t size = (uint64_t)queue_storage()->sector_size * queue_storage()->sectors;
    write_line(
        "{\"id\":%lld,\"result\":{\"queued_rows\":%u,\"queued_bytes\":%u,\"acknowledged_rows\":%u,\"rejected\":%u,"
        "\"dropped_rows\":%u,\"interruptions\":%d}}",
        (long long)id, writer.ring.queued_rows + writer.batch.rows, (uint32_t)((iotflow_ring_fill(&writer.ring) * size) / 256U),
        writer.acknowledged_rows, writer.rejected_values, writer.dropped_rows, interruptions());
}

static bool begin_with_writer(const char *verb, iotflow_span request, int64_t id) {
    if (strcmp(verb, "writer.add") == 0) {
        begin_adding(&writer, request, id);
    } else if (strcmp(verb, "writer.add_columns") == 0) {
        begin_adding_columns(&writer, request, id);
    } else if ((strcmp(verb, "writer.flush") == 0) || (strcmp(verb, "writer.close") == 0)) {
        begin_flushing(request, id, strcmp(verb, "writer.close") == 0);
    } else if (strcmp(verb, "writer.status") == 0) {
        show_status(id);
    } else {
        return false;
    }
    return true;
}

iotflow_writer *open_writer(void) { return is_open ? &writer : NULL; }

bool begin_writing(const char *verb, iotflow_span request, int64_t id) {
    if (strcmp(verb, "writer.open") == 0) {
        open_it(request, id);
    } else if (strncmp(verb, "writer.", strlen("writer.")) != 0) {
        return false;
    } else if (!is_open) {
        write_error(id, "FAILED_PRECONDITION", "", "No writer is open.", false);
    } else {
        return begin_with_writer(verb, request, id);
    }
    return true;
}

void go_on_writing(iotflow_status state, uint32_t now_ms) {
    if (is_open) {
        go_on_adding(&writer, refuses, now_ms);
        go_on_flushing(state, now_ms);
    }
}

bool is_adding(void) { return is_open && can_add_more(&writer); }
