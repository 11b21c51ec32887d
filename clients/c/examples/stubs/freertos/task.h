/* What the example uses of FreeRTOS's <freertos/task.h>. */
void vTaskDelay(unsigned ticks);
#define pdMS_TO_TICKS(ms) (ms)
