/** CRC-32 of zlib. */
#ifndef IOTFLOW_CRC32_H
#define IOTFLOW_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The checksum of the bytes before (crc, 0 at first) and of data. */
uint32_t iotflow_crc32(uint32_t crc, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
