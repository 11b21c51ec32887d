/**
 * The gRPC-Web door: HTTP/1.1 to Envoy, one call at a time on a connection that is kept. Batches go over StreamTelemetry, one
 * in each call; the answer acknowledges it and names the rejected values. Any other call takes and gives serialized messages.
 */
#ifndef IOTFLOW_GRPC_WEB_H
#define IOTFLOW_GRPC_WEB_H

#include "iotflow/backoff.h"
#include "iotflow/http.h"
#include "iotflow/key.h"
#include "iotflow/mqtt_packet.h"
#include "iotflow/transport.h"
#include "iotflow/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The end of a call. The error's code is 0 after a success, and 14 where the connection failed. */
typedef void (*iotflow_call_ended)(void *context, const iotflow_error *error, iotflow_span answer);

/** Zero means the default or none. Everything must live as long as the connection. */
typedef struct {
    /** The value of the header `host`. */
    const char *host;
    /** Null: none, to register. A call of the application may be made without a key. */
    const char *api_key;
    /** For headers that are sent (at least 384 bytes) and for messages that arrive. */
    uint8_t *send_memory;
    uint32_t send_size;
    uint8_t *receive_memory;
    uint32_t receive_size;
    /** See iotflow_backoff_begin. */
    uint32_t seed;
    /**
     * The key was rejected. Returns another one, or null: iotflow_grpc_web_poll fails until iotflow_grpc_web_use_key. While the
     * server accepts none of its answers, there are pauses between the calls, as between attempts to connect. Keys have 1 to
     * IOTFLOW_LONGEST_KEY printable ASCII characters without spaces, here and below.
     */
    const char *(*credential)(void *context, const iotflow_error *error);
    /** A connection or a call failed; the next attempt follows after the delay. */
    void (*interrupted)(void *context, const iotflow_error *error, uint32_t delay_ms);
    void *context;
} iotflow_grpc_web_options;

typedef enum {
    IOTFLOW_WEB_PAUSED = 0,
    IOTFLOW_WEB_CONNECTING,
    IOTFLOW_WEB_IDLE,
    IOTFLOW_WEB_CALLING,
    IOTFLOW_WEB_STOPPED
} iotflow_grpc_web_state;

typedef enum {
    /** Of the application. */
    IOTFLOW_WEB_OWN_CALL = 0,
    IOTFLOW_WEB_BATCH,
    /** Whose key it is: SendHeartbeat. */
    IOTFLOW_WEB_QUESTION
} iotflow_grpc_web_purpose;

typedef struct {
    iotflow_grpc_web_options options;
    iotflow_writer *writer;
    const iotflow_transport *transport;
    iotflow_backoff backoff;
    /** Between questions for a key, while the server accepts no answer. */
    iotflow_backoff key_backoff;
    /** The key is an answer of the application that the server has not accepted yet; the next question follows the pause. */
    bool key_unproven;
    bool key_wanted;
    /** No call has been made with the key yet. */
    bool key_unused;
    /** The device of the key, 0: it was not asked yet. Only for a persistent queue. */
    uint32_t device_id;
    iotflow_http_answer answer;
    iotflow_packet out;
    uint32_t out_sent;
    /** The batch that is being sent. */
    iotflow_record record;
    uint32_t payload_left;
    iotflow_grpc_web_purpose purpose;
    /** The call of the application, and its answer so far. */
    const char *method;
    iotflow_span request;
    uint32_t request_left;
    iotflow_call_ended ended;
    void *ended_context;
    iotflow_span reply;
    iotflow_grpc_web_state state;
    iotflow_status stopped_by;
    uint32_t state_since;
    uint32_t pause_ms;
    uint32_t now_ms;
} iotflow_grpc_web;

/**
 * Prepares a connection; the first poll opens it when there is something to send. writer may be null. With a persistent queue
 * each key is asked once, before a batch is sent, which device it is (SendHeartbeat).
 */
iotflow_status iotflow_grpc_web_open(iotflow_grpc_web *web, iotflow_writer *writer, const iotflow_transport *transport,
                                     const iotflow_grpc_web_options *options);
/**
 * Does what can be done now, and returns. IOTFLOW_OK while calls are made or tried again. When it stopped:
 * IOTFLOW_UNAUTHENTICATED, IOTFLOW_INVALID_ARGUMENT (the answer of `credential` is no key), IOTFLOW_REJECTED (an error that is
 * not retryable: answer.error), or IOTFLOW_QUEUE_OF_ANOTHER_DEVICE (writer->ring.device, and device_id of the key).
 */
iotflow_status iotflow_grpc_web_poll(iotflow_grpc_web *web, uint32_t now_ms);
/** Continues with another key, which must live as long as the connection. IOTFLOW_INVALID_ARGUMENT: it is none. */
iotflow_status iotflow_grpc_web_use_key(iotflow_grpc_web *web, const char *api_key);
/**
 * Calls a unary method, for example "iotflow.v1.DeviceService/SendHeartbeat", as soon as the connection is free. The texts and
 * the request must live until ended is called, also where the connection cannot be made. IOTFLOW_AGAIN: another such call is
 * not over.
 */
iotflow_status iotflow_grpc_web_call(iotflow_grpc_web *web, const char *method, iotflow_span request, iotflow_call_ended ended,
                                     void *context);

#ifdef __cplusplus
}
#endif

#endif
