/*
 * The smallest useful program: registers, batches, gets acknowledgements and executes commands over MQTT, with a queue in RAM.
 * Only its size matters: the transport does nothing.
 */
#include <string.h>

#include "iotflow/iotflow.h"

static iotflow_status network_connect(void *context, int begin) {
    (void)context;
    (void)begin;
    return IOTFLOW_AGAIN;
}

static int32_t network_read(void *context, uint8_t *data, uint32_t size) {
    (void)context;
    (void)data;
    (void)size;
    return 0;
}

static int32_t network_write(void *context, const uint8_t *data, uint32_t size) {
    (void)context;
    (void)data;
    return (int32_t)size;
}

static iotflow_outcome execute(void *context, const iotflow_command *command, char *result, uint32_t size) {
    (void)context;
    (void)command;
    (void)size;
    result[0] = '\0';
    return IOTFLOW_COMMAND_SUCCEEDED;
}

static const iotflow_column columns[] = {{"temperature", IOTFLOW_DOUBLE}, {"open", IOTFLOW_BOOL}};
static const iotflow_transport transport = {network_connect, network_read, network_write, NULL};
/* What the application gives: 16 rows, a queue of four sectors, and two packets. */
static uint8_t rows[16 * 19];
static uint8_t queue[2048];
static uint8_t received[384];
static uint8_t sent[256];
static iotflow_handled handled[2];
/* What the library needs. */
static iotflow_storage storage;
static iotflow_writer writer;
static iotflow_mqtt mqtt;

int main(void) {
    iotflow_writer_options writing;
    iotflow_mqtt_options options;
    iotflow_value values[2];
    uint32_t now;
    (void)memset(&writing, 0, sizeof writing);
    (void)memset(&options, 0, sizeof options);
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    writing.columns = columns;
    writing.column_count = 2;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    options.name = "porch";
    options.registration = "{\"device_type\":\"m4\"}";
    options.receive_memory = received;
    options.receive_size = sizeof received;
    options.send_memory = sent;
    options.send_size = sizeof sent;
    options.handled = handled;
    options.handled_count = 2;
    options.command = execute;
    (void)iotflow_writer_open(&writer, &writing, &storage);
    (void)iotflow_mqtt_open(&mqtt, &writer, &transport, &options);
    values[1] = iotflow_bool(true);
    for (now = 0;; now += 10U) {
        values[0] = iotflow_double(21.5);
        (void)iotflow_writer_add(&writer, now, (int64_t)now, values);
        (void)iotflow_mqtt_poll(&mqtt, now);
    }
}
