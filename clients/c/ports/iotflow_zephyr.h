/** Transport for Zephyr's sockets, without TLS. */
#ifndef IOTFLOW_ZEPHYR_H
#define IOTFLOW_ZEPHYR_H

#include "iotflow/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *host;
    const char *port;
    int handle;
} iotflow_zephyr_socket;

void iotflow_zephyr_transport(iotflow_transport *transport, iotflow_zephyr_socket *connection, const char *host,
                              const char *port);

#ifdef __cplusplus
}
#endif

#endif
