/** How bytes reach the peer: three functions of the application. None of them may block for long. */
#ifndef IOTFLOW_TRANSPORT_H
#define IOTFLOW_TRANSPORT_H

#include <stdint.h>

#include "iotflow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    /**
     * begin true: closes what is open, and begins a new connection. begin false: continues to connect. Returns IOTFLOW_OK when
     * connected, IOTFLOW_AGAIN while it is not, IOTFLOW_IO_ERROR if it failed.
     */
    iotflow_status (*connect)(void *context, int begin);
    /** Returns the number of bytes read, 0 if there are none now, -1 if the connection ended. */
    int32_t (*read)(void *context, uint8_t *data, uint32_t size);
    /** Returns the number of bytes taken, 0 if none fit now, -1 if the connection ended. */
    int32_t (*write)(void *context, const uint8_t *data, uint32_t size);
    void *context;
} iotflow_transport;

#ifdef __cplusplus
}
#endif

#endif
