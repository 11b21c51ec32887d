/** The gRPC-Web door: batches and unary calls. */
#ifndef TESTEE_WEB_DOOR_H
#define TESTEE_WEB_DOOR_H

#include "iotflow/grpc_web.h"

/** Prepares a connection over the transport. host: of the server. key: may be null. writer: may be null. */
void open_web_door(const iotflow_transport *transport, const char *host, const char *key, iotflow_writer *writer);
iotflow_grpc_web *web_door(void);

#endif
