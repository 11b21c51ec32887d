/** The form of keys and tokens. */
#ifndef IOTFLOW_KEY_H
#define IOTFLOW_KEY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IOTFLOW_LONGEST_KEY = 128, IOTFLOW_LONGEST_TOKEN = 4096 };

/** Characters of a key or token, or 0: it has none, more than the longest, or one that is not of printable ASCII or a space. */
uint32_t iotflow_key_length(const char *text, uint32_t longest);

#ifdef __cplusplus
}
#endif

#endif
