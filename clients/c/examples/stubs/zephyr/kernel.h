/* What the example uses of Zephyr 4's <zephyr/kernel.h>. */
#include <stdint.h>

#define K_MSEC(ms) (ms)
uint32_t k_uptime_get_32(void);
int32_t k_sleep(int timeout);
void printk(const char *format, ...);
