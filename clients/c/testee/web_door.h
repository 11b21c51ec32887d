/** The gRPC-Web door: batches and unary calls. */
#ifndef TESTEE_WEB_DOOR_H
#define TESTEE_WEB_DOOR_H

#include "iotflow/grpc_web.h"

/** Prepares a connection over the transport. host: of the server. key: may be null. writer: may be null. */
iotflow_status open_web_door(const iotflow_transport *transport, const char *host, const char *key, iotflow_writer *writer);
/** Sends the batches of another writer from now on. null: none; what is on the way for the former one is broken off. */
void attach_to_web(iotflow_writer *writer);
iotflow_grpc_web *web_door(void);

#endif
