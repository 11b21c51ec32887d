/* ESP-IDF: the key in NVS, the queue in the flash partition "queue". The network is up before, as by protocol_examples_common.
 */
#include <esp_partition.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs.h>
#include <stdbool.h>
#include <stdio.h>

#include "iotflow/iotflow.h"
#include "iotflow_lwip.h"

enum { SECTOR = 4096 };

static const iotflow_column columns[] = {{"uptime", IOTFLOW_INT32}};
static uint8_t rows[1024], received[512], sent[384];
static iotflow_handled handled[4];
static iotflow_storage storage;
static iotflow_writer writer;
static iotflow_mqtt mqtt;
static iotflow_transport transport;
static iotflow_lwip_socket connection;
static nvs_handle_t nvs;

/* The two functions of the flash. */

static int read_flash(void *context, uint32_t offset, void *data, uint32_t size) {
    return esp_partition_read((const esp_partition_t *)context, offset, data, size);
}

static int write_flash(void *context, uint32_t offset, const void *data, uint32_t size) {
    const esp_partition_t *partition = (const esp_partition_t *)context;
    if (((offset % SECTOR) == 0U) && (esp_partition_erase_range(partition, offset, SECTOR) != 0)) {
        return -1;
    }
    return esp_partition_write(partition, offset, data, size);
}

static void keep_key(void *context, uint32_t device_id, const char *api_key) {
    (void)context;
    if ((nvs_set_u32(nvs, "id", device_id) != ESP_OK) || (nvs_set_str(nvs, "key", api_key) != ESP_OK) ||
        (nvs_commit(nvs) != ESP_OK)) {
        printf("the key of device %u cannot be kept\n", (unsigned)device_id);
    }
}

/* A value, or with no rows the registration. */
static void rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    printf("rejected: %s: %s\n", rejection->reason, rejection->message);
}

static void interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    printf("interrupted: %s; again in %u ms\n", iotflow_status_text(status), (unsigned)delay_ms);
}

static iotflow_outcome execute(void *context, const iotflow_command *command, char *result, uint32_t size) {
    (void)context;
    (void)command;
    (void)size;
    result[0] = '\0';
    return IOTFLOW_COMMAND_SUCCEEDED;
}

static uint32_t now_ms(void) { return (uint32_t)(esp_timer_get_time() / 1000); }

void app_main(void);

void app_main(void) {
    static char key[IOTFLOW_LONGEST_KEY + 1];
    size_t size = sizeof key;
    const esp_partition_t *partition = esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, "queue");
    const iotflow_writer_options writing = {.columns = columns,
                                            .column_count = 1,
                                            .memory = rows,
                                            .memory_size = sizeof rows,
                                            .server_times = true,
                                            .rejected = rejected};
    iotflow_mqtt_options connecting = {.name = "esp32",
                                       .registration = "{\"device_type\":\"esp32\"}",
                                       .receive_memory = received,
                                       .receive_size = sizeof received,
                                       .send_memory = sent,
                                       .send_size = sizeof sent,
                                       .handled = handled,
                                       .handled_count = 4,
                                       .registered = keep_key,
                                       .interrupted = interrupted,
                                       .command = execute};
    uint32_t next = 0;
    iotflow_status status;
    if ((partition == NULL) || (nvs_open("iotflow", NVS_READWRITE, &nvs) != ESP_OK)) {
        printf("the partition \"queue\" or the NVS is missing\n");
        return;
    }
    if ((nvs_get_u32(nvs, "id", &connecting.device_id) == ESP_OK) && (nvs_get_str(nvs, "key", key, &size) == ESP_OK)) {
        connecting.api_key = key;
    }
    storage.read = read_flash;
    storage.write = write_flash;
    storage.context = (void *)(uintptr_t)partition;
    storage.sector_size = SECTOR;
    storage.sectors = partition->size / SECTOR;
    storage.persistent = true;
    iotflow_lwip_transport(&transport, &connection, "broker.local", "1883");
    status = iotflow_writer_open(&writer, &writing, &storage);
    if (status == IOTFLOW_OK) {
        status = iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting);
    }
    for (; status == IOTFLOW_OK; status = iotflow_mqtt_poll(&mqtt, now_ms())) {
        if ((int32_t)(now_ms() - next) >= 0) {
            const iotflow_value value = iotflow_int32((int32_t)(now_ms() / 1000U));
            (void)iotflow_writer_add(&writer, now_ms(), 0, &value);
            next = now_ms() + 1000U;
        }
        vTaskDelay(pdMS_TO_TICKS(20));
    }
    printf("stopped: %s\n", iotflow_status_text(status));
}
