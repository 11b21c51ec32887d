/** The key of the device, and what the credential handler has: one that is given by `new_key`, or none. */
#ifndef TESTEE_KEYS_H
#define TESTEE_KEYS_H

#include <stdbool.h>

/** Keeps a copy of a key (null: none), which a door can use until the next one; returns it. */
const char *keep_key(const char *key);
/** The application has no other key for a door that its key has stopped. */
void set_no_key(bool none);
bool has_no_key(void);

#endif
