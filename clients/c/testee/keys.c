#include "keys.h"

#include <stdio.h>

static char kept[128];
static bool no_key;

const char *keep_key(const char *key) {
    (void)snprintf(kept, sizeof kept, "%s", (key == NULL) ? "" : key);
    return (kept[0] == '\0') ? NULL : kept;
}

void set_no_key(bool none) { no_key = none; }

bool has_no_key(void) { return no_key; }
