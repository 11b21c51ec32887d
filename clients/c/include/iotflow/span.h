/** Bytes of another memory, and their comparison with texts. */
#ifndef IOTFLOW_SPAN_H
#define IOTFLOW_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const uint8_t *data;
    size_t size;
} iotflow_span;

/** The bytes of a text without the zero at its end. */
size_t iotflow_length(const char *text);
bool iotflow_ends_with(iotflow_span bytes, const char *text);

#ifdef __cplusplus
}
#endif

#endif
