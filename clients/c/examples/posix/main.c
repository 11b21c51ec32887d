/* Registers a device and sends its first readings over MQTT: first_reading HOST PORT NAME. Ends when they are stored. */
#include <stdio.h>

#include "iotflow/iotflow.h"
#include "iotflow_posix.h"

static void registered(void *context, uint32_t device_id, const char *api_key) {
    (void)context;
    /* A real device keeps both in its flash. */
    printf("registered as %u with a key of %u characters\n", (unsigned)device_id, (unsigned)(api_key == NULL ? 0 : 32));
}

static void rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    printf("rejected: %s: %s\n", rejection->reason, rejection->message);
}

int main(int count, char **arguments) {
    static const iotflow_column columns[] = {{"temperature", IOTFLOW_DOUBLE}, {"door_open", IOTFLOW_BOOL}};
    static uint8_t rows[1024], queue[4096], receive[512], send[256];
    static iotflow_writer writer;
    static iotflow_mqtt mqtt;
    static iotflow_posix_socket socket;
    iotflow_writer_options writing = {0};
    iotflow_mqtt_options connecting = {0};
    iotflow_storage storage;
    iotflow_transport transport;
    const iotflow_value values[] = {iotflow_double(21.5), iotflow_bool(false)};
    if (count != 4) {
        return 2;
    }
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    iotflow_posix_transport(&transport, &socket, arguments[1], arguments[2]);
    writing.columns = columns;
    writing.column_count = 2;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rejected = rejected;
    connecting.name = arguments[3];
    connecting.registration = "{\"device_type\":\"esp32\"}";
    connecting.receive_memory = receive;
    connecting.receive_size = sizeof receive;
    connecting.send_memory = send;
    connecting.send_size = sizeof send;
    connecting.registered = registered;
    if ((iotflow_writer_open(&writer, &writing, &storage) != IOTFLOW_OK) ||
        (iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting) != IOTFLOW_OK) ||
        (iotflow_writer_add(&writer, iotflow_posix_now_ms(), iotflow_posix_time_ms(), values) != IOTFLOW_OK)) {
        return 1;
    }
    while (!iotflow_writer_is_empty(&writer) && (iotflow_mqtt_poll(&mqtt, iotflow_posix_now_ms()) == IOTFLOW_OK)) {
        iotflow_posix_wait(&socket, 20);
    }
    iotflow_posix_close(&socket);
    if (!iotflow_writer_is_empty(&writer)) {
        return 1;
    }
    printf("stored %u rows\n", (unsigned)writer.acknowledged_rows);
    return 0;
}
