/* The testee: the gRPC-Web door, driven by JSON lines (see clients/conformance/README.md). */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "iotflow/iotflow.h"
#include "iotflow_posix.h"
#include "lines.h"
#include "link.h"

enum {
    COLUMNS = 64,
    ROWS_BYTES = 4 << 20,
    SECTORS = 16,
    SMALLEST_SECTOR = 512,
    LARGEST_SECTOR = 128 << 10,
    BYTES_OF_ROW = 128,
    DEFAULT_LIMIT = 64 << 20
};

/* Reasons that several scenarios share. */
#define READING "the client has no calls that read ranges: microcontrollers write"
#define MQTT "over MQTT only, which tests/e2e tries; this is the gRPC-Web door"
#define TRANSPORT "the transport is the application's: it has the target, and the cause of a failure"
#define RING "the queue is a ring, not a folder of segments; tests/test_ring.c cuts and damages it"
#define CALL "gRPC-Web sends one batch in each call, and waits for its acknowledgement"

/* A request that waits: for room, for acknowledgements, or for an answer. */
typedef struct {
    int64_t id;
    bool active;
    uint32_t deadline;
    bool closes;
} waiting;

static struct {
    char *name[COLUMNS];
    iotflow_column columns[COLUMNS];
    uint32_t count;
} schema;

/* The rows that are being added: by their formula, or from lists. */
static struct {
    waiting request;
    int64_t start, step, done, count;
    double first;
    iotflow_value *values;
    int64_t *times;
} adding;

static waiting flushing;
static iotflow_grpc_web web;
static iotflow_writer writer;
static bool open_writer, refuses, no_key;
static iotflow_storage storage;
static iotflow_posix_file file = {-1, 0};
static void *ram;
static iotflow_transport transport;
static uint8_t rows[ROWS_BYTES], sent[4096], received[65536];
static int interruptions;

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

static void note_interrupted(void *context, const iotflow_error *error, uint32_t delay_ms) {
    (void)context;
    interruptions++;
    write_line("{\"event\":\"interrupted\",\"code\":\"%s\",\"reason\":\"%s\",\"delay_ms\":%u}", code_name(error->code),
               error->reason, delay_ms);
}

static const char *want_key(void *context, const iotflow_error *error) {
    (void)context;
    write_line("{\"event\":\"credential_wanted\",\"reason\":\"%s\"}", error->reason);
    return NULL;
}

static void connect_to(iotflow_span request, int64_t id) {
    char *target = member_text(request, "target");
    char *key = member_text(request, "api_key");
    iotflow_span tls = {NULL, 0};
    iotflow_grpc_web_options options;
    (void)iotflow_json_find(request, "tls", &tls);
    link_to(&transport, target, tls);
    (void)memset(&options, 0, sizeof options);
    options.host = link_host();
    options.api_key = keep_key(key);
    options.send_memory = sent;
    options.send_size = sizeof sent;
    options.receive_memory = received;
    options.receive_size = sizeof received;
    options.seed = (uint32_t)getpid();
    options.credential = want_key;
    options.interrupted = note_interrupted;
    (void)iotflow_grpc_web_open(&web, open_writer ? &writer : NULL, &transport, &options);
    free(target);
    free(key);
    write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
}

static iotflow_policy policy_of(const char *word) {
    if (word == NULL) {
        return IOTFLOW_POLICY_WAIT;
    }
    if (strcmp(word, "drop_oldest") == 0) {
        return IOTFLOW_POLICY_DROP_OLDEST;
    }
    if (strcmp(word, "drop_newest") == 0) {
        return IOTFLOW_POLICY_DROP_NEWEST;
    }
    return (strcmp(word, "sample") == 0) ? IOTFLOW_POLICY_SAMPLE : IOTFLOW_POLICY_WAIT;
}

/* A sector holds a batch of these rows with ten columns; a sixteenth of the limit at most. */
static uint32_t sector_for(uint32_t rows_of_batch, uint32_t limit) {
    const uint32_t wanted = (rows_of_batch == 0U) ? LARGEST_SECTOR : (rows_of_batch * BYTES_OF_ROW);
    uint32_t sector = (wanted < (limit / SECTORS)) ? wanted : (limit / SECTORS);
    sector = (sector > LARGEST_SECTOR) ? LARGEST_SECTOR : sector;
    return ((sector < SMALLEST_SECTOR) ? SMALLEST_SECTOR : sector) & ~15U;
}

/* A file keeps the sectors that it was made with; their size is beside it. */
static uint32_t kept_sector(const char *folder, uint32_t wanted) {
    char path[1024];
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

static iotflow_status open_storage(const char *folder, uint32_t sector, uint32_t limit) {
    char path[1024];
    uint32_t sectors;
    if (folder != NULL) {
        (void)mkdir(folder, 0700);
        sector = kept_sector(folder, sector);
    }
    sectors = (limit / sector < SECTORS) ? SECTORS : (limit / sector);
    if (folder == NULL) {
        free(ram);
        ram = malloc((size_t)sector * sectors);
        iotflow_storage_in_ram(&storage, ram, sector * sectors, sectors);
        return (ram == NULL) ? IOTFLOW_IO_ERROR : IOTFLOW_OK;
    }
    (void)snprintf(path, sizeof path, "%s/ring", folder);
    return iotflow_posix_storage(&storage, &file, path, sector, sectors);
}

static void open_the_writer(iotflow_span request, int64_t id) {
    static const iotflow_column unknown = {"unknown", IOTFLOW_DOUBLE};
    char *folder = member_text(request, "folder");
    char *policy = member_text(request, "policy");
    char *clock_of = member_text(request, "clock");
    iotflow_writer_options options;
    const uint32_t limit = (uint32_t)member_number(request, "limit", DEFAULT_LIMIT);
    const uint32_t rows_of_batch = (uint32_t)member_number(request, "rows", 0);
    const iotflow_status status = open_storage(folder, sector_for(rows_of_batch, limit), limit);
    (void)memset(&options, 0, sizeof options);
    options.columns = (schema.count > 0U) ? schema.columns : &unknown;
    options.column_count = (schema.count > 0U) ? schema.count : 1U;
    options.memory = rows;
    options.memory_size = sizeof rows;
    options.rows = rows_of_batch;
    options.bytes = (uint32_t)member_number(request, "bytes", 256 << 10);
    options.age_ms = (uint32_t)member_number(request, "age_ms", 0);
    options.policy = policy_of(policy);
    options.server_times = (clock_of != NULL) && (strcmp(clock_of, "server") == 0);
    options.dropped = note_dropped;
    options.rejected = note_rejected;
    refuses = (policy != NULL) && (strcmp(policy, "refuse") == 0);
    if (status == IOTFLOW_AGAIN) {
        write_error(id, "FAILED_PRECONDITION", "QUEUE_IN_USE", "Another writer uses the queue.", false);
    } else if ((status != IOTFLOW_OK) || (iotflow_writer_open(&writer, &options, &storage) != IOTFLOW_OK)) {
        write_error(id, "RESOURCE_EXHAUSTED", "DISK_FULL", "The queue cannot be opened.", true);
    } else {
        open_writer = true;
        interruptions = 0;
        web.writer = &writer;
        write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
    }
    free(folder);
    free(policy);
    free(clock_of);
}

/* Columns. */

static void add_column(char *name, iotflow_type type) {
    if (schema.count < COLUMNS) {
        schema.name[schema.count] = name;
        schema.columns[schema.count].measurement = name;
        schema.columns[schema.count].type = type;
        schema.count++;
    }
}

/* Whether the open batch has other columns than the next rows; then it ends. */
static bool change_columns(void) { return iotflow_writer_end(&writer) == IOTFLOW_OK; }

static void forget_columns(void) {
    uint32_t i;
    for (i = 0; i < schema.count; i++) {
        free(schema.name[i]);
    }
    schema.count = 0;
}

static bool has_columns(iotflow_span names) {
    iotflow_span name;
    uint32_t i = 0;
    while (next_element(&names, &name)) {
        char *text = text_of(name);
        const bool same =
            (i < schema.count) && (strcmp(schema.name[i], text) == 0) && (schema.columns[i].type == IOTFLOW_DOUBLE);
        free(text);
        if (!same) {
            return false;
        }
        i++;
    }
    return i == schema.count;
}

static iotflow_type type_of(const char *word) {
    static const char *const words[] = {"doubles", "floats", "int64s", "int32s", "bools", "strings"};
    int i;
    for (i = 0; i < 6; i++) {
        if (strcmp(words[i], word) == 0) {
            return (iotflow_type)(IOTFLOW_DOUBLE + i);
        }
    }
    return IOTFLOW_NONE;
}

static iotflow_value value_of(iotflow_type type, iotflow_span value) {
    if (is_null(value)) {
        return iotflow_none();
    }
    switch (type) {
        case IOTFLOW_DOUBLE:
            return iotflow_double(strtod((const char *)value.data, NULL));
        case IOTFLOW_FLOAT:
            return iotflow_float(strtof((const char *)value.data, NULL));
        case IOTFLOW_INT64:
            return iotflow_int64(integer_of(value));
        case IOTFLOW_INT32:
            return iotflow_int32((int32_t)integer_of(value));
        case IOTFLOW_BOOL:
            return iotflow_bool(value.data[0] == 't');
        default:
            return iotflow_string(text_of(value));
    }
}

static int64_t length_of(iotflow_span list) {
    iotflow_span value;
    int64_t count = 0;
    while (next_element(&list, &value)) {
        count++;
    }
    return count;
}

/* Rows. */

static void begin_adding(iotflow_span request, int64_t id) {
    iotflow_span names = {NULL, 0};
    iotflow_span name;
    (void)iotflow_json_find(request, "measurements", &names);
    if (!has_columns(names) && change_columns()) {
        forget_columns();
        while (next_element(&names, &name)) {
            add_column(text_of(name), IOTFLOW_DOUBLE);
        }
        (void)iotflow_writer_columns(&writer, schema.columns, schema.count);
    }
    adding.request.id = id;
    adding.request.active = true;
    adding.start = (int64_t)member_number(request, "start", (double)iotflow_posix_time_ms());
    adding.step = (int64_t)member_number(request, "step", 1);
    adding.count = (int64_t)member_number(request, "count", 0);
    adding.first = member_number(request, "first", 0);
    adding.done = 0;
    adding.times = NULL;
}

static void begin_adding_columns(iotflow_span request, int64_t id) {
    iotflow_span times, columns, name, about, value, list;
    int64_t row;
    (void)iotflow_json_find(request, "timestamps", &times);
    (void)iotflow_json_find(request, "columns", &columns);
    adding.count = length_of(times);
    (void)change_columns();
    forget_columns();
    adding.times = (int64_t *)calloc((size_t)adding.count, sizeof *adding.times);
    adding.values = (iotflow_value *)calloc((size_t)adding.count * COLUMNS, sizeof *adding.values);
    for (row = 0; next_element(&times, &value); row++) {
        adding.times[row] = integer_of(value);
    }
    while (next_member(&columns, &name, &about)) {
        char *type = member_text(about, "type");
        const uint32_t column = schema.count;
        add_column(text_of(name), type_of(type));
        free(type);
        (void)iotflow_json_find(about, "values", &list);
        for (row = 0; next_element(&list, &value); row++) {
            adding.values[(row * COLUMNS) + column] = value_of(schema.columns[column].type, value);
        }
    }
    (void)iotflow_writer_columns(&writer, schema.columns, schema.count);
    adding.request.id = id;
    adding.request.active = true;
    adding.done = 0;
}

static iotflow_status add_row(uint32_t now) {
    iotflow_value values[COLUMNS];
    uint32_t i;
    if (adding.times != NULL) {
        return iotflow_writer_add(&writer, now, adding.times[adding.done], adding.values + (adding.done * COLUMNS));
    }
    for (i = 0; i < schema.count; i++) {
        values[i] = iotflow_double(adding.first + (double)adding.done);
    }
    return iotflow_writer_add(&writer, now, writer.options.server_times ? 0 : (adding.start + (adding.step * adding.done)),
                              values);
}

static void go_on_adding(uint32_t now) {
    iotflow_status status = IOTFLOW_OK;
    while (adding.request.active && (status == IOTFLOW_OK) && (adding.done < adding.count)) {
        status = add_row(now);
        adding.done += (status == IOTFLOW_OK) ? 1 : 0;
        if (((adding.done % 256) == 0) && (status == IOTFLOW_OK)) {
            break;
        }
    }
    if (!adding.request.active || ((status == IOTFLOW_OK) && (adding.done < adding.count)) ||
        ((status == IOTFLOW_QUEUE_FULL) && !refuses)) {
        return;
    }
    adding.request.active = false;
    if (status == IOTFLOW_OK) {
        write_line("{\"id\":%lld,\"result\":{\"added\":%lld}}", (long long)adding.request.id, (long long)adding.count);
    } else if (status == IOTFLOW_QUEUE_FULL) {
        write_error(adding.request.id, "RESOURCE_EXHAUSTED", "QUEUE_FULL", "The queue is full.", true);
    } else {
        write_error(adding.request.id, "INVALID_ARGUMENT", "", "The row does not fit.", false);
    }
}

static void close_writer(void) {
    open_writer = false;
    web.writer = NULL;
    if (file.handle >= 0) {
        iotflow_posix_file_close(&file);
    }
}

static void go_on_flushing(uint32_t now, iotflow_status state) {
    const bool late = (int32_t)(now - flushing.deadline) >= 0;
    if (!flushing.active) {
        return;
    }
    (void)iotflow_writer_end(&writer);
    if (iotflow_writer_is_empty(&writer)) {
        write_line("{\"id\":%lld,\"result\":{}}", (long long)flushing.id);
    } else if ((state == IOTFLOW_REJECTED) || ((state == IOTFLOW_UNAUTHENTICATED) && no_key)) {
        write_call_error(flushing.id, &web.answer.error);
    } else if (late) {
        write_error(flushing.id, "DEADLINE_EXCEEDED", "", "The deadline passed.", true);
    } else {
        return;
    }
    flushing.active = false;
    if (flushing.closes) {
        close_writer();
    }
}

static void show_status(int64_t id) {
    write_line(
        "{\"id\":%lld,\"result\":{\"queued_rows\":%u,\"queued_bytes\":%u,\"acknowledged_rows\":%u,\"rejected\":%u,"
        "\"dropped_rows\":%u,\"interruptions\":%d}}",
        (long long)id, writer.ring.queued_rows + writer.batch.rows,
        (uint32_t)(((uint64_t)iotflow_ring_fill(&writer.ring) * storage.sector_size * storage.sectors) / 256U),
        writer.acknowledged_rows, writer.rejected_values, writer.dropped_rows, interruptions);
}

/* What the client lacks: features and scenarios, and why. */
static const char *const lacks[][2] = {
    {"subscribe", "microcontrollers write; they do not follow other devices"},
    {"range-in-pages", READING},
    {"aggregates", READING},
    {"columns-are-read", READING},
    {"read-is-broken-off", READING},
    {"error-names-the-field", READING},
    {"devices", "administration is not for devices"},
    {"config", MQTT},
    {"commands", MQTT},
    {"rows-before-the-first-answer", "without a clock, rows get the time at which the server gets them"},
    {"target-of-another-form", TRANSPORT},
    {"cause-of-a-refused-connection", TRANSPORT},
    {"cause-of-an-unknown-host", TRANSPORT},
    {"cause-of-a-failed-handshake", TRANSPORT},
    {"server-without-tls", TRANSPORT},
    {"vectors", "the client encodes the rows that it took, and decodes no batches"},
    {"gateway-writes-for-devices", "a microcontroller writes for itself"},
    {"last-record-cut-off", RING},
    {"record-of-acknowledgements-lost", RING},
    {"acknowledged-segments-are-deleted", RING},
    {"queue-folders", RING},
    {"queue-cut-at-every-byte", RING},
    {"window-is-bounded", CALL},
    {"repeated-and-older-acknowledgements", CALL},
    {"dropped-acknowledgements", CALL},
    {"retryable-status-in-mid-stream", CALL},
};

static void say_hello(int64_t id) {
    size_t i;
    (void)printf("{\"id\":%lld,\"result\":{\"language\":\"c\",\"version\":\"0.1.0\",\"skips\":{", (long long)id);
    for (i = 0; i < (sizeof lacks / sizeof *lacks); i++) {
        (void)printf("%s\"%s\":\"%s\"", (i == 0U) ? "" : ",", lacks[i][0], lacks[i][1]);
    }
    write_line("}}}");
}

static void use_new_key(iotflow_span request, int64_t id) {
    char *key = member_text(request, "api_key");
    if (key != NULL) {
        iotflow_grpc_web_use_key(&web, keep_key(key));
    }
    no_key = key == NULL;
    free(key);
    write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
}

static void handle(iotflow_span line) {
    const int64_t id = (int64_t)member_number(line, "id", 0);
    char *verb = member_text(line, "do");
    if (strcmp(verb, "hello") == 0) {
        say_hello(id);
    } else if (strcmp(verb, "connect") == 0) {
        connect_to(line, id);
    } else if (web.transport == NULL) {
        write_error(id, "FAILED_PRECONDITION", "", "There is no connection. Connect first.", false);
    } else if (strcmp(verb, "new_key") == 0) {
        use_new_key(line, id);
    } else if (begin_call(&web, verb, line, id)) {
        /* It is answered when the call has ended. */
    } else if (strcmp(verb, "writer.open") == 0) {
        open_the_writer(line, id);
    } else if (!open_writer) {
        write_error(id, "FAILED_PRECONDITION", "", "No writer is open.", false);
    } else if (strcmp(verb, "writer.add") == 0) {
        begin_adding(line, id);
    } else if (strcmp(verb, "writer.add_columns") == 0) {
        begin_adding_columns(line, id);
    } else if ((strcmp(verb, "writer.flush") == 0) || (strcmp(verb, "writer.close") == 0)) {
        flushing.id = id;
        flushing.active = true;
        flushing.closes = strcmp(verb, "writer.close") == 0;
        flushing.deadline = iotflow_posix_now_ms() + (uint32_t)member_number(line, "deadline_ms", 10000);
    } else if (strcmp(verb, "writer.status") == 0) {
        show_status(id);
    } else {
        write_error(id, "UNIMPLEMENTED", "", "The testee does not know it.", false);
    }
    free(verb);
}

/* Reads what is there, and handles each whole line. False: the input has ended. */
static bool read_lines(void) {
    static char *text;
    static size_t used, size;
    ssize_t got;
    char *end;
    if ((size - used) < 65536U) {
        size += 1U << 20;
        text = (char *)realloc(text, size);
    }
    if (text == NULL) {
        return false;
    }
    got = read(0, text + used, size - used);
    if (got <= 0) {
        return (got < 0) && ((errno == EAGAIN) || (errno == EINTR));
    }
    used += (size_t)got;
    while ((end = (char *)memchr(text, '\n', used)) != NULL) {
        iotflow_span line;
        line.data = (const uint8_t *)text;
        line.size = (size_t)(end - text);
        *end = '\0';
        handle(line);
        used -= line.size + 1U;
        (void)memmove(text, end + 1, used);
    }
    return true;
}

int main(void) {
    struct pollfd wanted[2] = {{0, POLLIN, 0}, {-1, POLLIN, 0}};
    iotflow_status state = IOTFLOW_OK;
    (void)fcntl(0, F_SETFL, O_NONBLOCK);
    for (;;) {
        const uint32_t now = iotflow_posix_now_ms();
        if ((wanted[0].revents != 0) && !read_lines()) {
            return 0;
        }
        go_on_adding(now);
        if (web.transport != NULL) {
            state = iotflow_grpc_web_poll(&web, now);
        }
        go_on_flushing(now, state);
        wanted[1].fd = link_handle();
        (void)poll(wanted, 2, (adding.request.active && (adding.done < adding.count) && !writer.ended) ? 0 : 5);
    }
}
