/** Transport for lwIP's sockets, as ESP-IDF and Arduino for ESP32 have them. */
#ifndef IOTFLOW_LWIP_H
#define IOTFLOW_LWIP_H

#include "iotflow/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *host;
    const char *port;
    int handle;
} iotflow_lwip_socket;

void iotflow_lwip_transport(iotflow_transport *transport, iotflow_lwip_socket *connection, const char *host, const char *port);

#ifdef __cplusplus
}
#endif

#endif
