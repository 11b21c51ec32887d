/** The connection of the testee: by gRPC-Web, or by MQTT where the request `connect` says so. */
#ifndef TESTEE_DOOR_H
#define TESTEE_DOOR_H

#include "iotflow/writer.h"

/** Whether there is a connection, open or not. */
bool is_connected(void);
/** Requests connect and new_key. writer: the open one, or null. */
void connect_to(iotflow_writer *writer, iotflow_span request, int64_t id);
void use_new_key(iotflow_span request, int64_t id);
/** Begins a request that the door itself answers. False: it has no such verb. */
bool begin_at_door(const char *verb, iotflow_span request, int64_t id);
/** The writer whose batches are sent from now on. null: none. */
void attach_writer(iotflow_writer *writer);
/** Does what can be done now. */
iotflow_status poll_door(uint32_t now_ms);
/** Whether a status of poll_door lasts: the application has no other key, or the server rejects the client. */
bool is_final(iotflow_status status);
/** The error of such a status as the answer to a request of the writer. */
void write_final_error(const iotflow_writer *writer, int64_t id, iotflow_status status);

#endif
