/** The connection to the server: TCP, and TLS where files for it are given. */
#ifndef TESTEE_LINK_H
#define TESTEE_LINK_H

#include <stdbool.h>

#include "iotflow/protobuf.h"
#include "iotflow/transport.h"

/** A transport to a target, host:port. tls: the object of the request, or null. It replaces the one before. */
void link_to(iotflow_transport *transport, const char *target, iotflow_span tls);
/** The file to wait for, or -1: there is something to read already, or no connection. */
int link_handle(void);
/** Host of the target. */
const char *link_host(void);

#endif
