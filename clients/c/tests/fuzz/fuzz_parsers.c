/* Fuzz target of everything that parses: the first byte chooses the parser. */
#include <stdlib.h>
#include <string.h>

#include "iotflow/iotflow.h"
#include "iotflow/json.h"

static void fuzz_json(iotflow_span input) {
    static const char *const names[] = {"a", "command_id", "device", ""};
    char text[16];
    uint64_t number;
    size_t i;
    for (i = 0; i < (sizeof names / sizeof *names); i++) {
        iotflow_span value;
        if (iotflow_json_find(input, names[i], &value)) {
            (void)iotflow_json_text(value, text, sizeof text);
            (void)iotflow_json_number(value, &number);
        }
    }
    (void)iotflow_json_text(input, text, sizeof text);
    (void)iotflow_json_number(input, &number);
}

static void fuzz_protobuf(iotflow_span input) {
    iotflow_field field;
    while (iotflow_take_field(&input, &field) == IOTFLOW_OK) {
        iotflow_span inner = field.bytes;
        iotflow_field part;
        while (iotflow_take_field(&inner, &part) == IOTFLOW_OK) {
        }
    }
}

static int read_flash(void *context, uint32_t offset, void *data, uint32_t size) {
    (void)memcpy(data, (const uint8_t *)context + offset, size);
    return 0;
}

static int write_flash(void *context, uint32_t offset, const void *data, uint32_t size) {
    (void)memcpy((uint8_t *)context + offset, data, size);
    return 0;
}

/* The ring opens flash with any content, and goes on. */
static void fuzz_ring(iotflow_span input) {
    static const iotflow_column column = {"a", IOTFLOW_BOOL};
    uint8_t *flash = (uint8_t *)malloc(512);
    uint8_t rows[64];
    iotflow_storage storage = {read_flash, write_flash, NULL, NULL, NULL, 128, 4, true};
    iotflow_ring ring;
    iotflow_batch batch;
    iotflow_place place;
    iotflow_record record;
    iotflow_value value = iotflow_bool(true);
    uint32_t removed;
    if (flash == NULL) {
        return;
    }
    (void)memset(flash, 0xff, 512);
    (void)memcpy(flash, input.data, (input.size < 512U) ? input.size : 512U);
    storage.context = flash;
    if (iotflow_ring_open(&ring, &storage) == IOTFLOW_OK) {
        place = ring.begin;
        while (iotflow_ring_next(&ring, &place, &record) == IOTFLOW_OK) {
        }
        iotflow_batch_begin(&batch, &column, 1, rows, sizeof rows);
        (void)iotflow_batch_add(&batch, 1, &value, 64);
        (void)iotflow_ring_append(&ring, &batch);
        (void)iotflow_ring_claim(&ring, 1);
        (void)iotflow_ring_recount(&ring);
        (void)iotflow_ring_acknowledge(&ring, ring.next_sequence - 1U, &removed);
        (void)iotflow_ring_claim(&ring, 2);
    }
    free(flash);
}

/* Bytes from a broker or a server. */

static iotflow_status connect_input(void *context, int begin) {
    (void)context;
    return (begin != 0) ? IOTFLOW_OK : IOTFLOW_IO_ERROR;
}

static int32_t read_input(void *context, uint8_t *data, uint32_t size) {
    iotflow_span *input = (iotflow_span *)context;
    if (input->size == 0U) {
        return -1;
    }
    (void)size;
    data[0] = input->data[0];
    input->data++;
    input->size--;
    return 1;
}

static int32_t write_nowhere(void *context, const uint8_t *data, uint32_t size) {
    (void)context;
    (void)data;
    return (int32_t)size;
}

static iotflow_outcome run(void *context, const iotflow_command *command, char *result, uint32_t size) {
    (void)context;
    (void)size;
    result[0] = '\0';
    return ((command->id & 1U) != 0U) ? IOTFLOW_COMMAND_SUCCEEDED : IOTFLOW_COMMAND_FAILED;
}

static void fuzz_mqtt(iotflow_span input, const char *key) {
    static const iotflow_column column = {"a", IOTFLOW_BOOL};
    const iotflow_value value = iotflow_bool(false);
    uint8_t rows[64], queue[512], receive[96], send[160];
    iotflow_handled handled[2];
    iotflow_storage storage;
    iotflow_writer_options writing;
    iotflow_mqtt_options options;
    iotflow_writer writer;
    iotflow_mqtt mqtt;
    iotflow_transport transport = {connect_input, read_input, write_nowhere, NULL};
    uint32_t now;
    transport.context = &input;
    (void)memset(&writing, 0, sizeof writing);
    (void)memset(&options, 0, sizeof options);
    (void)memset(handled, 0, sizeof handled);
    writing.columns = &column;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rows = 1;
    options.device_id = 1;
    options.api_key = key;
    options.name = "n";
    options.receive_memory = receive;
    options.receive_size = sizeof receive;
    options.send_memory = send;
    options.send_size = sizeof send;
    options.handled = handled;
    options.handled_count = 2;
    options.command = run;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    if ((iotflow_writer_open(&writer, &writing, &storage) != IOTFLOW_OK) ||
        (iotflow_mqtt_open(&mqtt, &writer, &transport, &options) != IOTFLOW_OK)) {
        abort();
    }
    (void)iotflow_writer_add(&writer, 0, 1, &value);
    (void)iotflow_writer_add(&writer, 0, 2, &value);
    for (now = 0; (now < 64U) && (iotflow_mqtt_poll(&mqtt, now * 100U) == IOTFLOW_OK); now++) {
    }
}

static const char *give_key(void *context, const iotflow_error *error) {
    static char key[sizeof error->message];
    (void)context;
    (void)memcpy(key, error->message, sizeof key);
    return ((key[0] & 1) != 0) ? "another" : key;
}

static void end_call(void *context, const iotflow_error *error, iotflow_span answer) {
    (void)context;
    if ((error->code == 0U) && (answer.size > 32U)) {
        abort();
    }
}

/* A persistent queue, so that the key is asked about, and then a call of the application. */
static void fuzz_web(iotflow_span input) {
    static const iotflow_column column = {"a", IOTFLOW_BOOL};
    static const iotflow_span nothing = {NULL, 0};
    const iotflow_value value = iotflow_bool(false);
    uint8_t rows[64], queue[512], receive[32], send[384];
    iotflow_storage storage;
    iotflow_writer_options writing;
    iotflow_grpc_web_options options;
    iotflow_writer writer;
    iotflow_grpc_web web;
    iotflow_transport transport = {connect_input, read_input, write_nowhere, NULL};
    uint32_t now;
    transport.context = &input;
    (void)memset(&writing, 0, sizeof writing);
    (void)memset(&options, 0, sizeof options);
    (void)memset(queue, 0xff, sizeof queue);
    writing.columns = &column;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rows = 1;
    options.host = "h";
    options.api_key = "key";
    options.send_memory = send;
    options.send_size = sizeof send;
    options.receive_memory = receive;
    options.receive_size = sizeof receive;
    options.credential = give_key;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    storage.persistent = true;
    if ((iotflow_writer_open(&writer, &writing, &storage) != IOTFLOW_OK) ||
        (iotflow_grpc_web_open(&web, &writer, &transport, &options) != IOTFLOW_OK)) {
        abort();
    }
    (void)iotflow_writer_add(&writer, 0, 1, &value);
    (void)iotflow_writer_add(&writer, 0, 2, &value);
    for (now = 0; (now < 64U) && (iotflow_grpc_web_poll(&web, now * 100U) == IOTFLOW_OK); now++) {
        if (iotflow_writer_is_empty(&writer)) {
            (void)iotflow_grpc_web_call(&web, "S/M", nothing, end_call, NULL);
        }
    }
}

static void ignore(void *context, iotflow_status status, iotflow_span message) {
    (void)context;
    (void)status;
    (void)message;
}

static void fuzz_http(iotflow_span input) {
    uint8_t memory[16];
    iotflow_http_answer answer;
    size_t i;
    answer.memory = memory;
    answer.size = sizeof memory;
    answer.message = ignore;
    answer.context = NULL;
    iotflow_http_begin(&answer);
    for (i = 0; (i < input.size) && (iotflow_http_take(&answer, input.data[i]) == IOTFLOW_AGAIN); i++) {
    }
}

static void fuzz_details(iotflow_span input) {
    char text[600];
    iotflow_error error;
    const size_t size = (input.size < (sizeof text - 1U)) ? input.size : (sizeof text - 1U);
    (void)memcpy(text, input.data, size);
    text[size] = '\0';
    iotflow_error_begin(&error, 14);
    iotflow_error_details(&error, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    iotflow_span input;
    if (size == 0U) {
        return 0;
    }
    input.data = data + 1;
    input.size = size - 1U;
    switch (data[0] % 8U) {
        case 0:
            fuzz_json(input);
            break;
        case 1:
            fuzz_protobuf(input);
            break;
        case 2:
            fuzz_ring(input);
            break;
        case 3:
            fuzz_mqtt(input, "key");
            break;
        case 4:
            fuzz_http(input);
            break;
        case 5:
            fuzz_details(input);
            break;
        case 6:
            fuzz_web(input);
            break;
        default:
            fuzz_mqtt(input, NULL);
            break;
    }
    return 0;
}
