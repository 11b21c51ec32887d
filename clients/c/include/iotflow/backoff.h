/** Pauses between attempts to connect: 0.2 s, doubled up to 30 s, each times a random number from 0.5 to 1. */
#ifndef IOTFLOW_BACKOFF_H
#define IOTFLOW_BACKOFF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint32_t pause_ms;
    uint32_t random;
} iotflow_backoff;

/** seed: differs from device to device, for example from the serial number, so that a fleet does not connect at once. */
void iotflow_backoff_begin(iotflow_backoff *backoff, uint32_t seed);
/** After a success. */
void iotflow_backoff_reset(iotflow_backoff *backoff);
/** The next pause. */
uint32_t iotflow_backoff_next(iotflow_backoff *backoff);

#ifdef __cplusplus
}
#endif

#endif
