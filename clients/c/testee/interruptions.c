#include "interruptions.h"

#include "lines.h"

static int count;

void report_interruption(const char *code, const char *reason, uint32_t delay_ms) {
    count++;
    write_line("{\"event\":\"interrupted\",\"code\":\"%s\",\"reason\":\"%s\",\"delay_ms\":%u}", code, reason, delay_ms);
}

int interruptions(void) { return count; }

void forget_interruptions(void) { count = 0; }
