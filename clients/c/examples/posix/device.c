/*
 * A device with a loop of its own: it registers, counts, executes commands and takes its configuration, over MQTT:
 * device HOST PORT NAME [AUTHORITIES]. With a file of authorities, which may be empty for those of the system, over TLS.
 * Another run uses the key that the first one has kept. From the folder clients/c, with OpenSSL's headers (Debian's
 * libssl-dev):
 *
 *     cc -std=c99 -Iinclude -Iports src/[a-z]*.c ports/posix_*.c ports/openssl_tls.c examples/posix/device.c -lssl -lcrypto -o
 * device
 */
#define _XOPEN_SOURCE 700

#include "iotflow/iotflow.h"
#include "iotflow_posix.h"
#include "iotflow_tls.h"
#include "key_file.h"

enum { TURN_MS = 20, COUNT_MS = 100 };

/* What the clock is ahead of the system's. */
static int64_t ahead_ms;

static void registered(void *context, uint32_t device_id, const char *api_key) {
    printf("registered as %" PRIu32 "\n", device_id);
    write_key((const key_file *)context, device_id, api_key);
}

/* A value, or with no rows the registration. */
static void rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    printf("rejected: %s: %s\n", rejection->reason, rejection->message);
}

static void configure(void *context, uint64_t version, iotflow_span desired) {
    (void)context;
    printf("configuration %" PRIu64 ": %.*s\n", version, (int)desired.size, (const char *)desired.data);
}

static void interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    printf("interrupted: %s; again in %" PRIu32 " ms\n", iotflow_status_text(status), delay_ms);
}

static iotflow_outcome execute(void *context, const iotflow_command *command, char *result, uint32_t size) {
    iotflow_span value;
    uint64_t time_ms;
    (void)context;
    printf("command %" PRIu64 ": %s\n", command->id, command->name);
    if (strcmp(command->name, "set_clock") != 0) {
        (void)snprintf(result, size, "There is no command %s.", command->name);
        return IOTFLOW_COMMAND_FAILED;
    }
    if (!iotflow_json_find(command->parameters, "time_ms", &value) || !iotflow_json_number(value, &time_ms)) {
        (void)snprintf(result, size, "time_ms is missing.");
        return IOTFLOW_COMMAND_FAILED;
    }
    (void)snprintf(result, size, "{\"was_ahead_ms\":%" PRId64 "}", ahead_ms);
    ahead_ms = (int64_t)time_ms - iotflow_posix_time_ms();
    return IOTFLOW_COMMAND_SUCCEEDED;
}

/* TCP, and TLS over it where there is a file of authorities. */
static iotflow_transport transport_to(char **arguments, int count, iotflow_posix_socket *socket) {
    static iotflow_transport tcp;
    static iotflow_tls tls;
    iotflow_transport made;
    iotflow_posix_transport(&tcp, socket, arguments[1], arguments[2]);
    made = tcp;
    if (count > 4) {
        iotflow_tls_options options = {0};
        options.host = arguments[1];
        options.authorities = (arguments[4][0] == '\0') ? NULL : arguments[4];
        iotflow_tls_transport(&made, &tls, &tcp, &options);
    }
    return made;
}

int main(int count, char **arguments) {
    static const iotflow_column columns[] = {{"count", IOTFLOW_INT32}};
    static uint8_t rows[4096], queue[65536], receive[1024], send[512];
    static iotflow_handled handled[8];
    static key_file kept;
    static iotflow_writer writer;
    static iotflow_mqtt mqtt;
    static iotflow_posix_socket socket;
    iotflow_writer_options writing = {0};
    iotflow_mqtt_options connecting = {0};
    iotflow_storage storage;
    iotflow_transport transport;
    uint32_t counted_ms = iotflow_posix_now_ms();
    uint32_t stored = 0;
    int32_t number = 0;
    iotflow_status status;
    if ((count < 4) || (count > 5)) {
        (void)fprintf(stderr, "usage: device HOST PORT NAME [AUTHORITIES]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 16);
    transport = transport_to(arguments, count, &socket);
    writing.columns = columns;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rejected = rejected;
    if (read_key(&kept, arguments[3])) {
        connecting.device_id = kept.device_id;
        connecting.api_key = kept.key;
    }
    connecting.context = &kept;
    connecting.name = arguments[3];
    connecting.registration = "{\"device_type\":\"counter\"}";
    connecting.receive_memory = receive;
    connecting.receive_size = sizeof receive;
    connecting.send_memory = send;
    connecting.send_size = sizeof send;
    connecting.handled = handled;
    connecting.handled_count = 8;
    connecting.registered = registered;
    connecting.interrupted = interrupted;
    connecting.command = execute;
    connecting.config = configure;
    status = iotflow_writer_open(&writer, &writing, &storage);
    if (status == IOTFLOW_OK) {
        status = iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting);
    }
    while (status == IOTFLOW_OK) {
        const uint32_t now = iotflow_posix_now_ms();
        if ((now - counted_ms) >= COUNT_MS) {
            const iotflow_value value = iotflow_int32(number);
            /* While the queue is full, the same number is tried again. */
            number += (iotflow_writer_add(&writer, now, iotflow_posix_time_ms() + ahead_ms, &value) == IOTFLOW_OK) ? 1 : 0;
            /* Not in equal steps: after a pause two rows would have the same time, and the server would store one of them. */
            counted_ms = now;
        }
        if (writer.acknowledged_rows != stored) {
            stored = writer.acknowledged_rows;
            printf("acknowledged %" PRIu32 " rows\n", stored);
        }
        iotflow_posix_wait(&socket, TURN_MS);
        status = iotflow_mqtt_poll(&mqtt, iotflow_posix_now_ms());
    }
    printf("stopped: %s\n", iotflow_status_text(status));
    if ((status == IOTFLOW_UNAUTHENTICATED) && (connecting.api_key != NULL)) {
        printf("to register again, remove %s\n", kept.path);
    }
    return 1;
}
