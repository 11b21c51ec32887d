/* What the example uses of ESP-IDF 5's <esp_partition.h>. */
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t size;
} esp_partition_t;
#define ESP_PARTITION_TYPE_DATA 1
#define ESP_PARTITION_SUBTYPE_ANY 0xff
const esp_partition_t *esp_partition_find_first(int type, int subtype, const char *label);
int esp_partition_read(const esp_partition_t *partition, size_t offset, void *to, size_t size);
int esp_partition_write(const esp_partition_t *partition, size_t offset, const void *from, size_t size);
int esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size);
