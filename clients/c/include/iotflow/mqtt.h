/** The MQTT door: registers the device, sends the queue with QoS 1, receives commands, configuration and rejections. */
#ifndef IOTFLOW_MQTT_H
#define IOTFLOW_MQTT_H

#include "iotflow/backoff.h"
#include "iotflow/commands.h"
#include "iotflow/key.h"
#include "iotflow/mqtt_packet.h"
#include "iotflow/transport.h"
#include "iotflow/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero means the default or none. Everything must live as long as the connection. */
typedef struct {
    /**
     * The device: its id and key. Without a key, the device registers itself by its name. A persistent queue keeps the id, and
     * is not sent as another device. Keys have 1 to IOTFLOW_LONGEST_KEY printable ASCII characters without spaces.
     */
    uint32_t device_id;
    const char *api_key;
    const char *name;
    /** The registration: a JSON object such as {"device_type": "esp32"}. */
    const char *registration;
    /**
     * A registrar's token, if registration requires one: up to IOTFLOW_LONGEST_TOKEN characters, as of keys. It must be in the
     * registration too.
     */
    const char *token;
    /** First part of every topic: iotflow. */
    const char *prefix;
    /** For packets that arrive; a longer message is acknowledged and left out. */
    uint8_t *receive_memory;
    uint32_t receive_size;
    /**
     * For packets that are sent: at least 64 bytes, and key, token and registration with 64 bytes more; with commands the topic
     * and 128 bytes. A command with a result that does not fit is answered as failed.
     */
    uint8_t *send_memory;
    uint32_t send_size;
    /** Batches on the way without acknowledgement: 1 to 32, default 8. */
    uint32_t window;
    /** See iotflow_backoff_begin. */
    uint32_t seed;
    /** Memory of handled commands; needed for `command`. */
    iotflow_handled *handled;
    uint32_t handled_count;

    /**
     * The device was registered: keep id and key in memory that outlives a restart. Why a registration was rejected goes to
     * `rejected` of the writer, with the count 0.
     */
    void (*registered)(void *context, uint32_t device_id, const char *api_key);
    /**
     * The key was rejected. Returns another one, or null: iotflow_mqtt_poll fails until iotflow_mqtt_use_key. While the broker
     * accepts none of its answers, there are pauses between the calls, as between attempts to connect.
     */
    const char *(*credential)(void *context);
    iotflow_command_handler command;
    /** The desired configuration: a JSON object. Each version comes once. */
    void (*config)(void *context, uint64_t version, iotflow_span desired);
    /** A connection failed or ended; the next attempt follows after the delay. */
    void (*interrupted)(void *context, iotflow_status status, uint32_t delay_ms);
    void *context;
} iotflow_mqtt_options;

typedef enum {
    IOTFLOW_MQTT_PAUSED = 0,
    IOTFLOW_MQTT_CONNECTING,
    IOTFLOW_MQTT_GREETING,
    IOTFLOW_MQTT_SUBSCRIBING,
    IOTFLOW_MQTT_READY,
    IOTFLOW_MQTT_STOPPED
} iotflow_mqtt_state;

/* What is used most comes first: short offsets make short instructions. */
typedef struct {
    iotflow_packet out;
    iotflow_mqtt_state state;
    iotflow_status stopped_by;
    bool pinging;
    /** The key is an answer of the application that the broker has not accepted yet; another question follows the pause. */
    bool key_unproven;
    bool key_wanted;
    uint16_t publish_id;
    uint32_t now_ms;
    uint32_t state_since;
    uint32_t pause_ms;
    /** When the peer last took bytes, and when it last sent some or was last pinged. */
    uint32_t sent_at;
    uint32_t heard_at;
    iotflow_writer *writer;
    const iotflow_transport *transport;
    uint32_t out_sent;
    /** The batch that is being sent: the rest of its payload in the storage. */
    uint32_t payload_at;
    uint32_t payload_left;
    /** The next batch to send, the first sequence on the way, those behind it, and which of them are acknowledged. */
    iotflow_place next;
    uint32_t first_on_way;
    uint32_t on_way;
    uint32_t acknowledged_mask;
    /** Batches that may be on the way: 1 until this connection has acknowledged one. */
    uint32_t window;
    iotflow_backoff backoff;
    iotflow_commands commands;
    uint32_t device_id;
    iotflow_packet_reader reader;
    uint64_t config_version;
    iotflow_mqtt_options options;
    char api_key[IOTFLOW_LONGEST_KEY + 1];
} iotflow_mqtt;

/** Prepares a connection; the first poll opens it. writer may be null where only commands are wanted. */
iotflow_status iotflow_mqtt_open(iotflow_mqtt *mqtt, iotflow_writer *writer, const iotflow_transport *transport,
                                 const iotflow_mqtt_options *options);
/**
 * Does what can be done now, and returns. Call it in a loop; now_ms: of a monotonic clock that may wrap. Returns IOTFLOW_OK
 * while the connection works or is tried again. When it stopped: IOTFLOW_UNAUTHENTICATED, IOTFLOW_INVALID_ARGUMENT (the answer
 * of `credential` is no key), IOTFLOW_REJECTED (registration), IOTFLOW_TOO_LARGE (key, token or registration do not fit into
 * send_memory), or IOTFLOW_QUEUE_OF_ANOTHER_DEVICE (writer->ring.device, and device_id).
 */
iotflow_status iotflow_mqtt_poll(iotflow_mqtt *mqtt, uint32_t now_ms);
/**
 * Continues with another key: at once if the connection stopped or waits to ask for one, else with the next connection.
 * IOTFLOW_INVALID_ARGUMENT: it is no key.
 */
iotflow_status iotflow_mqtt_use_key(iotflow_mqtt *mqtt, const char *api_key);
/** Answers a command whose handler returned IOTFLOW_COMMAND_LATER. IOTFLOW_AGAIN: call again. result: as in the handler. */
iotflow_status iotflow_mqtt_answer(iotflow_mqtt *mqtt, uint64_t command_id, iotflow_outcome outcome, const char *result);
/** Publishes with QoS 1 below the device's topic, for example to `config/reported` or `status/heartbeat`. IOTFLOW_AGAIN: call
 * again. */
iotflow_status iotflow_mqtt_publish(iotflow_mqtt *mqtt, const char *topic, const char *payload);

#ifdef __cplusplus
}
#endif

#endif
