#include "iotflow/backoff.h"

enum { FIRST_MS = 200, LARGEST_MS = 30000 };

void iotflow_backoff_begin(iotflow_backoff *backoff, uint32_t seed) {
    /* Xorshift never leaves 0. */
    backoff->random = (seed == 0U) ? 1U : seed;
    iotflow_backoff_reset(backoff);
}

void iotflow_backoff_reset(iotflow_backoff *backoff) { backoff->pause_ms = FIRST_MS; }

uint32_t iotflow_backoff_next(iotflow_backoff *backoff) {
    const uint32_t half = backoff->pause_ms / 2U;
    uint32_t bits = backoff->random;
    bits ^= bits << 13;
    bits ^= bits >> 17;
    bits ^= bits << 5;
    backoff->random = bits;
    backoff->pause_ms = (backoff->pause_ms >= ((uint32_t)LARGEST_MS / 2U)) ? (uint32_t)LARGEST_MS : (backoff->pause_ms * 2U);
    return half + (bits % (half + 1U));
}
