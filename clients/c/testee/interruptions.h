/** Breaks of the connection: their number and their events. */
#ifndef TESTEE_INTERRUPTIONS_H
#define TESTEE_INTERRUPTIONS_H

#include <stdint.h>

void report_interruption(const char *code, const char *reason, uint32_t delay_ms);
/** Since forget_interruptions. */
int interruptions(void);
void forget_interruptions(void);

#endif
