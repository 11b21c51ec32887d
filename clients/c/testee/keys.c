#include "keys.h"

#include <stdint.h>
#include <stdio.h>

#include "iotflow/key.h"

/* One more character than a key may have, so that a longer one is not taken for a key. */
enum { KEY_BYTES = IOTFLOW_LONGEST_KEY + 2, QUEUED_KEYS = 16 };

static char kept[KEY_BYTES];
static char queued[QUEUED_KEYS][KEY_BYTES];
static uint32_t first_queued, queued_keys;
static bool no_key;

const char *keep_key(const char *key) {
    (void)snprintf(kept, sizeof kept, "%s", (key == NULL) ? "" : key);
    return (kept[0] == '\0') ? NULL : kept;
}

void queue_key(const char *key) {
    if (queued_keys < (uint32_t)QUEUED_KEYS) {
        (void)snprintf(queued[(first_queued + queued_keys) % (uint32_t)QUEUED_KEYS], KEY_BYTES, "%s", key);
        queued_keys++;
    }
}

const char *take_key(void) {
    const char *key = NULL;
    if (queued_keys > 0U) {
        key = keep_key(queued[first_queued]);
        first_queued = (first_queued + 1U) % (uint32_t)QUEUED_KEYS;
        queued_keys--;
    }
    return key;
}

void set_no_key(bool none) { no_key = none; }

bool has_no_key(void) { return no_key; }
