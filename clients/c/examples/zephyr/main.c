/* Zephyr: registers by MQTT and sends a counter every second. CONFIG_NET_SOCKETS=y, CONFIG_DNS_RESOLVER=y. */
#include <stdbool.h>
#include <zephyr/kernel.h>

#include "iotflow/iotflow.h"
#include "iotflow_zephyr.h"

static const iotflow_column columns[] = {{"uptime", IOTFLOW_INT32}};
static uint8_t rows[256], queue[2048], received[384], sent[256];
static iotflow_handled handled[2];
static iotflow_storage storage;
static iotflow_writer writer;
static iotflow_mqtt mqtt;
static iotflow_transport transport;
static iotflow_zephyr_socket connection;

static iotflow_outcome execute(void *context, const iotflow_command *command, char *result, uint32_t size) {
    (void)context;
    (void)size;
    printk("command %s\n", command->name);
    result[0] = '\0';
    return IOTFLOW_COMMAND_SUCCEEDED;
}

int main(void) {
    /* Without a clock, the server assigns the times. */
    const iotflow_writer_options writing = {
        .columns = columns, .column_count = 1, .memory = rows, .memory_size = sizeof rows, .server_times = true};
    const iotflow_mqtt_options connecting = {.name = "zephyr-board",
                                             .registration = "{\"device_type\":\"zephyr\"}",
                                             .receive_memory = received,
                                             .receive_size = sizeof received,
                                             .send_memory = sent,
                                             .send_size = sizeof sent,
                                             .handled = handled,
                                             .handled_count = 2,
                                             .command = execute};
    uint32_t next = 0;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    iotflow_zephyr_transport(&transport, &connection, "broker.local", "1883");
    if ((iotflow_writer_open(&writer, &writing, &storage) != IOTFLOW_OK) ||
        (iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting) != IOTFLOW_OK)) {
        return 1;
    }
    while (iotflow_mqtt_poll(&mqtt, k_uptime_get_32()) == IOTFLOW_OK) {
        const uint32_t now = k_uptime_get_32();
        if ((int32_t)(now - next) >= 0) {
            const iotflow_value value = iotflow_int32((int32_t)(now / 1000U));
            (void)iotflow_writer_add(&writer, now, 0, &value);
            next = now + 1000U;
        }
        (void)k_sleep(K_MSEC(20));
    }
    return 0;
}
