/** The key of the device, and what the credential handler has: those that are given by `new_key`, or none. */
#ifndef TESTEE_KEYS_H
#define TESTEE_KEYS_H

#include <stdbool.h>

/** Keeps a copy of a key (null: none), which a door can use until the next one; returns it. */
const char *keep_key(const char *key);
/** A copy of a key that the handler gives when it is asked. take_key: the oldest of them, kept as above, or null. */
void queue_key(const char *key);
const char *take_key(void);
/** The application has no other key for a door that its key has stopped. */
void set_no_key(bool none);
bool has_no_key(void);

#endif
