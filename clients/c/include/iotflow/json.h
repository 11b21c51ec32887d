/** Finds members of JSON objects in memory, and copies texts out of and into JSON. Nothing is allocated; nothing recurses. */
#ifndef IOTFLOW_JSON_H
#define IOTFLOW_JSON_H

#include "iotflow/protobuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The value of a member of the object, as it stands there (a text with its quotes). False, and value as before: absent, or not
 * an object. */
bool iotflow_json_find(iotflow_span object, const char *name, iotflow_span *value);
/** Copies a text value, zero-terminated, without its escapes (beyond ASCII: as `?`). False: no text, or too long; text is empty
 * then. */
bool iotflow_json_text(iotflow_span value, char *text, uint32_t size);
/** A whole number of 0 or more, also where it is a text, as 64-bit integers are. */
bool iotflow_json_number(iotflow_span value, uint64_t *number);

#ifdef __cplusplus
}
#endif

#endif
