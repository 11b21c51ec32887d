/*
 * Zephyr: registers by MQTT, keeps the key in the settings, and sends a counter every second. CONFIG_NET_SOCKETS=y,
 * CONFIG_DNS_RESOLVER=y, CONFIG_FLASH=y, CONFIG_FLASH_MAP=y, CONFIG_NVS=y, CONFIG_SETTINGS=y.
 */
#include <stdbool.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/settings/settings.h>

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

/* A value, or with no rows the registration. */
static void rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    printk("rejected: %s: %s\n", rejection->reason, rejection->message);
}

static void interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    printk("interrupted: %s; again in %u ms\n", iotflow_status_text(status), (unsigned)delay_ms);
}

/* The device, as it is kept. */
typedef struct {
    uint32_t id;
    char key[IOTFLOW_LONGEST_KEY + 1];
} identity;

static identity device;

static int load(const char *key, size_t length, settings_read_cb read, void *from, void *to) {
    (void)key;
    return ((length == sizeof(identity)) && (read(from, to, length) == (ssize_t)length)) ? 0 : -1;
}

/* The server does not show the key again. */
static void registered(void *context, uint32_t device_id, const char *api_key) {
    (void)context;
    device.id = device_id;
    (void)strcpy(device.key, api_key);
    printk("registered as %u\n", (unsigned)device_id);
    if (settings_save_one("iotflow/device", &device, sizeof device) != 0) {
        printk("the key cannot be kept\n");
    }
}

int main(void) {
    /* Without a clock, the server assigns the times. */
    const iotflow_writer_options writing = {.columns = columns,
                                            .column_count = 1,
                                            .memory = rows,
                                            .memory_size = sizeof rows,
                                            .server_times = true,
                                            .rejected = rejected};
    iotflow_mqtt_options connecting = {.name = "zephyr-board",
                                       .registration = "{\"device_type\":\"zephyr\"}",
                                       .receive_memory = received,
                                       .receive_size = sizeof received,
                                       .send_memory = sent,
                                       .send_size = sizeof sent,
                                       .handled = handled,
                                       .handled_count = 2,
                                       .registered = registered,
                                       .interrupted = interrupted,
                                       .command = execute};
    uint32_t next = 0;
    iotflow_status status;
    if ((settings_subsys_init() != 0) || (settings_load_subtree_direct("iotflow/device", load, &device) != 0)) {
        printk("the settings cannot be read\n");
    }
    if (device.key[0] != '\0') {
        connecting.device_id = device.id;
        connecting.api_key = device.key;
    }
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    iotflow_zephyr_transport(&transport, &connection, "broker.local", "1883");
    status = iotflow_writer_open(&writer, &writing, &storage);
    if (status == IOTFLOW_OK) {
        status = iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting);
    }
    for (; status == IOTFLOW_OK; status = iotflow_mqtt_poll(&mqtt, k_uptime_get_32())) {
        const uint32_t now = k_uptime_get_32();
        if ((int32_t)(now - next) >= 0) {
            const iotflow_value value = iotflow_int32((int32_t)(now / 1000U));
            (void)iotflow_writer_add(&writer, now, 0, &value);
            next = now + 1000U;
        }
        (void)k_sleep(K_MSEC(20));
    }
    printk("stopped: %s\n", iotflow_status_text(status));
    return 0;
}
