#include "rows.h"

#include <stdlib.h>

#include "iotflow_posix.h"
#include "lines.h"
#include "schema.h"

/* Rows that are added before the connection has its turn. */
enum { TURN_ROWS = 256 };

/* times: null: the rows have their times and values by a formula. */
static struct {
    int64_t id, start, step, done, count;
    bool active;
    double first;
    iotflow_value *values;
    int64_t *times;
} adding;

static int64_t length_of(iotflow_span list) {
    iotflow_span value;
    int64_t count = 0;
    while (next_element(&list, &value)) {
        count++;
    }
    return count;
}

static void begin(int64_t id, int64_t count) {
    free(adding.times);
    free(adding.values);
    adding.times = NULL;
    adding.values = NULL;
    adding.id = id;
    adding.count = count;
    adding.done = 0;
    adding.active = true;
}

void begin_adding(iotflow_writer *writer, iotflow_span request, int64_t id) {
    iotflow_span names = {NULL, 0};
    iotflow_span name;
    (void)iotflow_json_find(request, "measurements", &names);
    /* Rows with other columns end the open batch. */
    if (!has_columns(names) && (iotflow_writer_end(writer) == IOTFLOW_OK)) {
        forget_columns();
        while (next_element(&names, &name)) {
            add_column(text_of(name), IOTFLOW_DOUBLE);
        }
        (void)iotflow_writer_columns(writer, columns_now(), column_count());
    }
    begin(id, (int64_t)member_number(request, "count", 0));
    adding.start = (int64_t)member_number(request, "start", (double)iotflow_posix_time_ms());
    adding.step = (int64_t)member_number(request, "step", 1);
    adding.first = member_number(request, "first", 0);
}

static void take_times(iotflow_span times) {
    iotflow_span value;
    int64_t row;
    for (row = 0; next_element(&times, &value); row++) {
        adding.times[row] = integer_of(value);
    }
}

static void take_column(iotflow_span name, iotflow_span about) {
    char *type = member_text(about, "type");
    const uint32_t column = column_count();
    iotflow_span list, value;
    int64_t row;
    add_column(text_of(name), type_of(type));
    (void)iotflow_json_find(about, "values", &list);
    for (row = 0; next_element(&list, &value); row++) {
        adding.values[(row * COLUMNS) + column] = value_of(type_of(type), value);
    }
    free(type);
}

void begin_adding_columns(iotflow_writer *writer, iotflow_span request, int64_t id) {
    iotflow_span times, columns, name, about;
    (void)iotflow_json_find(request, "timestamps", &times);
    (void)iotflow_json_find(request, "columns", &columns);
    (void)iotflow_writer_end(writer);
    forget_columns();
    begin(id, length_of(times));
    adding.times = (int64_t *)calloc((size_t)adding.count, sizeof *adding.times);
    adding.values = (iotflow_value *)calloc((size_t)adding.count * COLUMNS, sizeof *adding.values);
    take_times(times);
    while (next_member(&columns, &name, &about)) {
        take_column(name, about);
    }
    (void)iotflow_writer_columns(writer, columns_now(), column_count());
}

static iotflow_status add_row(iotflow_writer *writer, uint32_t now_ms) {
    iotflow_value values[COLUMNS];
    int64_t time;
    uint32_t i;
    if (adding.times != NULL) {
        return iotflow_writer_add(writer, now_ms, adding.times[adding.done], adding.values + (adding.done * COLUMNS));
    }
    for (i = 0; i < column_count(); i++) {
        values[i] = iotflow_double(adding.first + (double)adding.done);
    }
    time = writer->options.server_times ? 0 : (adding.start + (adding.step * adding.done));
    return iotflow_writer_add(writer, now_ms, time, values);
}

static void answer(iotflow_status status) {
    adding.active = false;
    if (status == IOTFLOW_OK) {
        write_line("{\"id\":%lld,\"result\":{\"added\":%lld}}", (long long)adding.id, (long long)adding.count);
    } else if (status == IOTFLOW_QUEUE_FULL) {
        write_error(adding.id, "RESOURCE_EXHAUSTED", "QUEUE_FULL", "The queue is full.", true);
    } else {
        write_error(adding.id, "INVALID_ARGUMENT", "", "The row does not fit.", false);
    }
}

void go_on_adding(iotflow_writer *writer, bool refuses, uint32_t now_ms) {
    iotflow_status status = IOTFLOW_OK;
    int64_t turn = 0;
    while (adding.active && (adding.done < adding.count) && (turn < TURN_ROWS)) {
        status = add_row(writer, now_ms);
        if (status != IOTFLOW_OK) {
            break;
        }
        adding.done++;
        turn++;
    }
    if (adding.active &&
        ((adding.done == adding.count) || ((status != IOTFLOW_OK) && ((status != IOTFLOW_QUEUE_FULL) || refuses)))) {
        answer(status);
    }
}

bool can_add_more(const iotflow_writer *writer) { return adding.active && (adding.done < adding.count) && !writer->ended; }
