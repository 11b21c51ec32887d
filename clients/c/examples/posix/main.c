/*
 * Registers a device and sends its first reading over MQTT: first_reading HOST PORT NAME. Ends when it is stored. Another run
 * uses the key that the first one has kept. From the folder clients/c:
 *
 *     cc -std=c99 -Iinclude -Iports src/[a-z]*.c ports/posix_*.c examples/posix/main.c -o first_reading
 */
#define _XOPEN_SOURCE 700

#include "iotflow/iotflow.h"
#include "iotflow_posix.h"
#include "key_file.h"

static void registered(void *context, uint32_t device_id, const char *api_key) {
    printf("registered as %" PRIu32 "\n", device_id);
    write_key((const key_file *)context, device_id, api_key);
}

/* A value, or with no rows the registration. */
static void rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    (void)fprintf(stderr, "rejected: %s: %s\n", rejection->reason, rejection->message);
}

static void interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    (void)fprintf(stderr, "interrupted: %s; again in %" PRIu32 " ms\n", iotflow_status_text(status), delay_ms);
}

int main(int count, char **arguments) {
    static const iotflow_column columns[] = {{"temperature", IOTFLOW_DOUBLE}, {"door_open", IOTFLOW_BOOL}};
    static uint8_t rows[1024], queue[4096], receive[512], send[256];
    static key_file kept;
    static iotflow_writer writer;
    static iotflow_mqtt mqtt;
    static iotflow_posix_socket socket;
    iotflow_writer_options writing = {0};
    iotflow_mqtt_options connecting = {0};
    iotflow_storage storage;
    iotflow_transport transport;
    iotflow_status status;
    const uint32_t now = iotflow_posix_now_ms();
    const iotflow_value values[] = {iotflow_double(21.5), iotflow_bool(false)};
    if (count != 4) {
        (void)fprintf(stderr, "usage: first_reading HOST PORT NAME\n");
        return 2;
    }
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    iotflow_posix_transport(&transport, &socket, arguments[1], arguments[2]);
    writing.columns = columns;
    writing.column_count = 2;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rejected = rejected;
    if (read_key(&kept, arguments[3])) {
        connecting.device_id = kept.device_id;
        connecting.api_key = kept.key;
    }
    connecting.name = arguments[3];
    connecting.registration = "{\"device_type\":\"esp32\"}";
    connecting.registered = registered;
    connecting.context = &kept;
    connecting.receive_memory = receive;
    connecting.receive_size = sizeof receive;
    connecting.send_memory = send;
    connecting.send_size = sizeof send;
    connecting.interrupted = interrupted; /* prints why nothing is sent, and when it is tried again */
    status = iotflow_writer_open(&writer, &writing, &storage);
    status = (status == IOTFLOW_OK) ? iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting) : status;
    status = (status == IOTFLOW_OK) ? iotflow_writer_add(&writer, now, iotflow_posix_time_ms(), values) : status;
    while ((status == IOTFLOW_OK) && !iotflow_writer_is_empty(&writer)) {
        iotflow_posix_wait(&socket, 20);
        status = iotflow_mqtt_poll(&mqtt, iotflow_posix_now_ms());
    }
    printf("stored %u rows: %s\n", (unsigned)writer.acknowledged_rows, iotflow_status_text(status));
    iotflow_posix_close(&socket);
    if ((status == IOTFLOW_UNAUTHENTICATED) && (connecting.api_key != NULL)) {
        (void)fprintf(stderr, "to register again, remove %s\n", kept.path);
    }
    return (status == IOTFLOW_OK) ? 0 : 1;
}
