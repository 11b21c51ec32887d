/** The MQTT door: batches, commands and the configuration of a device. */
#ifndef TESTEE_MQTT_DOOR_H
#define TESTEE_MQTT_DOOR_H

#include "iotflow/mqtt.h"

/**
 * Prepares a connection over the transport, which begins when it has something to do. key, token, writer: may be null. The
 * token is used during this call only.
 */
iotflow_status open_mqtt_door(const iotflow_transport *transport, uint32_t device_id, const char *key, const char *token,
                              iotflow_writer *writer);
/** Sends the batches of another writer from now on. null: none. */
void attach_to_mqtt(iotflow_writer *writer);
iotflow_status use_key_by_mqtt(const char *key);
/** The device of the connection. */
uint32_t device_of_mqtt(void);
iotflow_status poll_mqtt_door(uint32_t now_ms);
/** Begins commands.handle, config.watch or config.report. False: the verb is another one. */
bool begin_device_request(const char *verb, iotflow_span request, int64_t id);

#endif
