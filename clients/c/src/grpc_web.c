#include "iotflow/grpc_web.h"

#include <string.h>

/* CALL_MS: without a byte in either direction. */
enum { CONNECT_MS = 10000, CALL_MS = 40000, READ_LIMIT = 2048, FRAME_HEAD = 5, TEXT_BYTES = 101 };
/* Codes of gRPC. */
enum {
    OK = 0,
    INVALID_ARGUMENT = 3,
    PERMISSION_DENIED = 7,
    RESOURCE_EXHAUSTED = 8,
    OUT_OF_RANGE = 11,
    UNIMPLEMENTED = 12,
    UNAVAILABLE = 14,
    UNAUTHENTICATED = 16,
    NO_STATUS = 255
};
/* Fields of StreamTelemetryResponse, Rejection and SendHeartbeatResponse. */
enum { COMMITTED_SEQUENCE = 1, REJECTED = 2 };
enum { R_SEQUENCE = 1, R_INDEX = 2, R_COUNT = 3, R_MEASUREMENT = 4, R_REASON = 5, R_MESSAGE = 6, R_RETRYABLE = 7 };
enum { DEVICE_ID = 2 };

static void enter(iotflow_grpc_web *web, iotflow_grpc_web_state state) {
    web->state = state;
    web->state_since = web->now_ms;
}

static void stop(iotflow_grpc_web *web, iotflow_status status) {
    web->stopped_by = status;
    enter(web, IOTFLOW_WEB_STOPPED);
}

static void interrupt(iotflow_grpc_web *web, const iotflow_error *error) {
    web->pause_ms = iotflow_backoff_next(&web->backoff) + error->retry_after_ms;
    web->out.used = 0;
    enter(web, IOTFLOW_WEB_PAUSED);
    if (web->options.interrupted != NULL) {
        web->options.interrupted(web->options.context, error, web->pause_ms);
    }
}

static void end_own_call(iotflow_grpc_web *web, const iotflow_error *error) {
    const iotflow_call_ended ended = web->ended;
    web->method = NULL;
    ended(web->ended_context, error, web->reply);
}

/* Requests. */

static void put_request(iotflow_grpc_web *web, const char *method, uint32_t size) {
    iotflow_packet *out = &web->out;
    const uint8_t head[FRAME_HEAD] = {0, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    out->used = 0;
    out->status = IOTFLOW_OK;
    web->out_sent = 0;
    iotflow_packet_chars(out, "POST /");
    iotflow_packet_chars(out, method);
    iotflow_packet_chars(out, " HTTP/1.1\r\nhost: ");
    iotflow_packet_chars(out, web->options.host);
    if (web->options.api_key != NULL) {
        iotflow_packet_chars(out, "\r\nx-api-key: ");
        iotflow_packet_chars(out, web->options.api_key);
    }
    iotflow_packet_chars(out, "\r\ncontent-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ncontent-length: ");
    iotflow_packet_number(out, (uint64_t)size + (uint64_t)FRAME_HEAD);
    iotflow_packet_chars(out, "\r\n\r\n");
    iotflow_packet_bytes(out, head, FRAME_HEAD);
    iotflow_http_begin(&web->answer);
    web->reply.size = 0;
    web->key_unused = false;
    enter(web, IOTFLOW_WEB_CALLING);
    if (out->status != IOTFLOW_OK) {
        stop(web, IOTFLOW_TOO_LARGE);
    }
}

/* The oldest batch that is not acknowledged. IOTFLOW_AGAIN: there is none. */
static iotflow_status find_batch(iotflow_grpc_web *web) {
    iotflow_place place;
    if (web->writer == NULL) {
        return IOTFLOW_AGAIN;
    }
    place = web->writer->ring.begin;
    return iotflow_writer_next(web->writer, &place, 0, &web->record);
}

static bool has_work(const iotflow_grpc_web *web) {
    return (web->method != NULL) || ((web->writer != NULL) && (web->writer->ring.queued_batches > 0U));
}

/* The batch, or before it the question whose it would be with this key. */
static void begin_batch_call(iotflow_grpc_web *web) {
    const iotflow_ring *ring = &web->writer->ring;
    if (ring->storage->persistent && (web->device_id == 0U)) {
        web->purpose = IOTFLOW_WEB_QUESTION;
        put_request(web, "iotflow.v1.DeviceService/SendHeartbeat", 0);
    } else if (iotflow_ring_claim(&web->writer->ring, web->device_id)) {
        web->purpose = IOTFLOW_WEB_BATCH;
        web->writer->busy = true;
        web->payload_left = web->record.size;
        put_request(web, "iotflow.v1.TelemetryService/StreamTelemetry", web->record.size);
    } else {
        stop(web, IOTFLOW_QUEUE_OF_ANOTHER_DEVICE);
    }
}

/* Answers. */

static void copy_text(iotflow_span from, char *text) {
    const size_t size = (from.size < ((size_t)TEXT_BYTES - 1U)) ? from.size : ((size_t)TEXT_BYTES - 1U);
    (void)memcpy(text, from.data, size);
    text[size] = '\0';
}

static void take_rejection(iotflow_grpc_web *web, iotflow_span message) {
    char measurement[TEXT_BYTES] = "";
    char reason[TEXT_BYTES] = "";
    char text[TEXT_BYTES] = "";
    iotflow_rejection rejection;
    iotflow_field field;
    (void)memset(&rejection, 0, sizeof rejection);
    rejection.measurement = measurement;
    rejection.reason = reason;
    rejection.message = text;
    while (iotflow_take_field(&message, &field) == IOTFLOW_OK) {
        switch (field.id) {
            case R_SEQUENCE:
                rejection.sequence = (uint32_t)field.number;
                break;
            case R_INDEX:
                rejection.index = (uint32_t)field.number;
                break;
            case R_COUNT:
                rejection.count = (uint32_t)field.number;
                break;
            case R_MEASUREMENT:
                copy_text(field.bytes, measurement);
                break;
            case R_REASON:
                copy_text(field.bytes, reason);
                break;
            case R_MESSAGE:
                copy_text(field.bytes, text);
                break;
            case R_RETRYABLE:
                rejection.retryable = field.number != 0U;
                break;
            default:
                break;
        }
    }
    iotflow_writer_reject(web->writer, &rejection);
}

static void reset_key_pauses(iotflow_grpc_web *web) {
    web->key_unproven = false;
    iotflow_backoff_reset(&web->key_backoff);
}

static bool is_acknowledged(const iotflow_grpc_web *web) { return web->writer->ring.acknowledged >= web->record.sequence; }

static bool is_sent(const iotflow_grpc_web *web) {
    return (web->out.used == 0U) && (web->payload_left == 0U) && (web->request_left == 0U);
}

/* Only the batch that was sent can be stored; another number says nothing about it. */
static void take_committed(iotflow_grpc_web *web, uint64_t sequence) {
    if ((sequence == web->record.sequence) && is_sent(web) && !is_acknowledged(web)) {
        (void)iotflow_writer_acknowledge(web->writer, web->record.sequence);
        iotflow_backoff_reset(&web->backoff);
        reset_key_pauses(web);
    }
}

static void take_acknowledgement(iotflow_grpc_web *web, iotflow_span message) {
    iotflow_field field;
    while (iotflow_take_field(&message, &field) == IOTFLOW_OK) {
        if (field.id == (uint32_t)COMMITTED_SEQUENCE) {
            take_committed(web, field.number);
        } else if ((field.id == (uint32_t)REJECTED) && (field.wire == (uint8_t)IOTFLOW_WIRE_BYTES)) {
            take_rejection(web, field.bytes);
        } else {
            /* A field of a newer contract. */
        }
    }
}

static void take_message(void *context, iotflow_status status, iotflow_span message) {
    iotflow_grpc_web *web = (iotflow_grpc_web *)context;
    if (web->purpose == IOTFLOW_WEB_BATCH) {
        take_acknowledgement(web, message);
    } else if (status == IOTFLOW_OK) {
        web->reply = message;
    } else {
        /* The answer is too large for the memory; end_call states it. */
    }
}

/* The server refuses the batch as a whole, for good: it goes to the application, so that the others can follow. */
static void give_up_batch(iotflow_grpc_web *web, const iotflow_error *error) {
    iotflow_rejection rejection;
    (void)memset(&rejection, 0, sizeof rejection);
    rejection.sequence = web->record.sequence;
    rejection.count = web->record.rows;
    rejection.measurement = "";
    rejection.reason = error->reason;
    rejection.message = error->message;
    iotflow_writer_reject(web->writer, &rejection);
    (void)iotflow_writer_acknowledge(web->writer, web->record.sequence);
}

/* Its device is not known yet. */
static iotflow_status set_key(iotflow_grpc_web *web, const char *key) {
    if (iotflow_key_length(key, IOTFLOW_LONGEST_KEY) == 0U) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    web->options.api_key = key;
    web->key_unused = true;
    web->device_id = 0;
    return IOTFLOW_OK;
}

static void ask_for_key(iotflow_grpc_web *web, const iotflow_error *error) {
    const char *key = (web->options.credential == NULL) ? NULL : web->options.credential(web->options.context, error);
    const iotflow_status status = (key == NULL) ? IOTFLOW_UNAUTHENTICATED : set_key(web, key);
    web->key_wanted = false;
    web->key_unproven = true;
    if (status != IOTFLOW_OK) {
        stop(web, status);
    }
}

/* At once, or after a pause where the rejected key is an answer itself. The application may have given another one meanwhile.
 */
static void want_key(iotflow_grpc_web *web, const iotflow_error *error) {
    if (web->key_unused) {
        return;
    }
    if (web->key_unproven) {
        web->key_wanted = true;
        web->pause_ms = iotflow_backoff_next(&web->key_backoff) + error->retry_after_ms;
        enter(web, IOTFLOW_WEB_PAUSED);
    } else {
        ask_for_key(web, error);
    }
}

static bool is_of_the_key(const iotflow_error *error) {
    return (error->code == (uint32_t)UNAUTHENTICATED) || (strcmp(error->reason, "KEY_REPLACED") == 0);
}

static bool is_of_the_batch(const iotflow_error *error) {
    return (error->code == (uint32_t)INVALID_ARGUMENT) || (error->code == (uint32_t)OUT_OF_RANGE) ||
           (error->code == (uint32_t)RESOURCE_EXHAUSTED);
}

/* The answer of a captive portal or of a proxy: the service gives a reason with these codes. */
static bool is_of_a_stranger(const iotflow_error *error) {
    return (error->reason[0] == '\0') &&
           ((error->code == (uint32_t)UNAUTHENTICATED) || (error->code == (uint32_t)UNIMPLEMENTED) ||
            (error->code == (uint32_t)PERMISSION_DENIED));
}

/* Another attempt follows a pause. */
static void make_unavailable(iotflow_error *error) {
    error->code = UNAVAILABLE;
    error->retryable = true;
}

/* The device of the key, 0: the answer does not state it. */
static uint32_t find_device(iotflow_span answer) {
    iotflow_field field;
    uint32_t found = 0;
    while (iotflow_take_field(&answer, &field) == IOTFLOW_OK) {
        found = ((field.id == (uint32_t)DEVICE_ID) && (field.number <= INT32_MAX)) ? (uint32_t)field.number : found;
    }
    return found;
}

/* Whether the call did what it was made for. */
static bool is_done(iotflow_grpc_web *web) {
    if (web->purpose == IOTFLOW_WEB_BATCH) {
        return is_acknowledged(web);
    }
    /* Of another key, where it was replaced meanwhile: the next question is about that one. */
    web->device_id = web->key_unused ? 0U : find_device(web->reply);
    return web->key_unused || (web->device_id != 0U);
}

/* The end of a batch, or of the question before it. */
static void end_writers_call(iotflow_grpc_web *web, iotflow_error *error) {
    if (is_of_a_stranger(error) || ((error->code == (uint32_t)OK) && !is_done(web))) {
        make_unavailable(error);
    }
    if (error->code == (uint32_t)OK) {
        /* The next one follows. */
    } else if (is_of_the_key(error)) {
        want_key(web, error);
    } else if (error->retryable) {
        interrupt(web, error);
    } else if ((web->purpose == IOTFLOW_WEB_BATCH) && is_of_the_batch(error)) {
        give_up_batch(web, error);
    } else {
        stop(web, IOTFLOW_REJECTED);
    }
}

static void end_call(iotflow_grpc_web *web) {
    iotflow_error *error = &web->answer.error;
    if (web->writer != NULL) {
        web->writer->busy = false;
    }
    /* Behind an answer that comes early, the server would take the next call for the rest of this one. */
    if (web->answer.closes || !is_sent(web)) {
        web->out.used = 0;
        web->pause_ms = 0;
        enter(web, IOTFLOW_WEB_PAUSED);
    } else {
        enter(web, IOTFLOW_WEB_IDLE);
    }
    if (error->code == (uint32_t)NO_STATUS) {
        error->code = UNAVAILABLE;
    } else if ((error->code == (uint32_t)OK) && web->answer.cut && (web->purpose == IOTFLOW_WEB_OWN_CALL)) {
        iotflow_error_begin(error, RESOURCE_EXHAUSTED);
    } else {
        /* As the server says. */
    }
    if (web->purpose == IOTFLOW_WEB_OWN_CALL) {
        end_own_call(web, error);
    } else {
        end_writers_call(web, error);
    }
}

/* The connection ended or a limit of time passed. */
static void break_off(iotflow_grpc_web *web) {
    const bool calling = (web->state == IOTFLOW_WEB_CALLING) && (web->purpose == IOTFLOW_WEB_OWN_CALL);
    const bool own = (web->method != NULL) && (calling || (web->state == IOTFLOW_WEB_CONNECTING));
    iotflow_error error;
    iotflow_error_begin(&error, UNAVAILABLE);
    if (web->writer != NULL) {
        web->writer->busy = false;
    }
    interrupt(web, &error);
    if (own) {
        end_own_call(web, &error);
    }
}

static void begin_call(iotflow_grpc_web *web) {
    iotflow_status status;
    web->payload_left = 0;
    web->request_left = 0;
    web->purpose = IOTFLOW_WEB_OWN_CALL;
    if (web->method != NULL) {
        web->request_left = (uint32_t)web->request.size;
        put_request(web, web->method, web->request_left);
        return;
    }
    status = find_batch(web);
    if (status == IOTFLOW_OK) {
        begin_batch_call(web);
    } else if (status == IOTFLOW_IO_ERROR) {
        break_off(web);
    } else {
        /* Nothing to send. */
    }
}

/* The next bytes to send: the headers, then the message from the storage or from the application. */
static bool fill(iotflow_grpc_web *web) {
    const iotflow_storage *storage;
    uint32_t part;
    if (web->request_left > 0U) {
        part = (web->request_left < web->out.size) ? web->request_left : web->out.size;
        (void)memcpy(web->out.memory, web->request.data + (web->request.size - web->request_left), part);
        web->request_left -= part;
    } else {
        storage = web->writer->ring.storage;
        part = (web->payload_left < web->out.size) ? web->payload_left : web->out.size;
        if (storage->read(storage->context, web->record.payload + (web->record.size - web->payload_left), web->out.memory,
                          part) != 0) {
            break_off(web);
            return false;
        }
        web->payload_left -= part;
    }
    web->out.used = part;
    web->out_sent = 0;
    return true;
}

static void send(iotflow_grpc_web *web) {
    while ((web->state == IOTFLOW_WEB_CALLING) && !is_sent(web)) {
        int32_t taken;
        if ((web->out.used == 0U) && !fill(web)) {
            return;
        }
        taken = web->transport->write(web->transport->context, web->out.memory + web->out_sent, web->out.used - web->out_sent);
        if (taken < 0) {
            break_off(web);
        }
        if (taken <= 0) {
            return;
        }
        web->state_since = web->now_ms;
        web->out_sent += (uint32_t)taken;
        if (web->out_sent == web->out.used) {
            web->out.used = 0;
        }
    }
}

/* While no call is made, the server sends nothing but the end of the connection; the next call opens another one. */
static void watch_idle(iotflow_grpc_web *web) {
    uint8_t byte;
    if ((web->state == IOTFLOW_WEB_IDLE) && (web->transport->read(web->transport->context, &byte, 1) != 0)) {
        web->pause_ms = 0;
        enter(web, IOTFLOW_WEB_PAUSED);
    }
}

static void receive(iotflow_grpc_web *web) {
    uint32_t limit;
    for (limit = READ_LIMIT; (limit > 0U) && (web->state == IOTFLOW_WEB_CALLING); limit--) {
        uint8_t byte;
        iotflow_status status;
        const int32_t got = web->transport->read(web->transport->context, &byte, 1);
        if (got < 0) {
            break_off(web);
        }
        if (got <= 0) {
            return;
        }
        web->state_since = web->now_ms;
        status = iotflow_http_take(&web->answer, byte);
        if (status == IOTFLOW_OK) {
            end_call(web);
        } else if (status == IOTFLOW_PROTOCOL_ERROR) {
            break_off(web);
        } else {
            /* The answer goes on. */
        }
    }
}

static void connect(iotflow_grpc_web *web, int begin) {
    const iotflow_status status = web->transport->connect(web->transport->context, begin);
    if (status == IOTFLOW_OK) {
        enter(web, IOTFLOW_WEB_IDLE);
    } else if (status != IOTFLOW_AGAIN) {
        break_off(web);
    } else {
        /* Still on its way. */
    }
}

static bool is_since(const iotflow_grpc_web *web, uint32_t limit) { return (web->now_ms - web->state_since) >= limit; }

iotflow_status iotflow_grpc_web_open(iotflow_grpc_web *web, iotflow_writer *writer, const iotflow_transport *transport,
                                     const iotflow_grpc_web_options *options) {
    (void)memset(web, 0, sizeof *web);
    web->options = *options;
    web->writer = writer;
    web->transport = transport;
    web->out.memory = options->send_memory;
    web->out.size = options->send_size;
    web->answer.memory = options->receive_memory;
    web->answer.size = options->receive_size;
    web->answer.message = take_message;
    web->answer.context = web;
    iotflow_backoff_begin(&web->backoff, options->seed);
    iotflow_backoff_begin(&web->key_backoff, options->seed);
    if ((options->host == NULL) || (options->send_size < 64U)) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    return (options->api_key == NULL) ? IOTFLOW_OK : set_key(web, options->api_key);
}

iotflow_status iotflow_grpc_web_poll(iotflow_grpc_web *web, uint32_t now_ms) {
    web->now_ms = now_ms;
    if (web->writer != NULL) {
        (void)iotflow_writer_poll(web->writer, now_ms);
    }
    watch_idle(web);
    if (web->key_wanted && is_since(web, web->pause_ms)) {
        ask_for_key(web, &web->answer.error);
    }
    if ((web->state == IOTFLOW_WEB_PAUSED) && has_work(web) && is_since(web, web->pause_ms)) {
        enter(web, IOTFLOW_WEB_CONNECTING);
        connect(web, 1);
    } else if (web->state == IOTFLOW_WEB_CONNECTING) {
        connect(web, 0);
    } else {
        /* Connected, or there is nothing to do. */
    }
    if (((web->state == IOTFLOW_WEB_CONNECTING) && is_since(web, CONNECT_MS)) ||
        ((web->state == IOTFLOW_WEB_CALLING) && is_since(web, CALL_MS))) {
        break_off(web);
    }
    if (web->state == IOTFLOW_WEB_IDLE) {
        begin_call(web);
    }
    send(web);
    receive(web);
    return (web->state == IOTFLOW_WEB_STOPPED) ? web->stopped_by : IOTFLOW_OK;
}

iotflow_status iotflow_grpc_web_use_key(iotflow_grpc_web *web, const char *api_key) {
    const iotflow_status status = set_key(web, api_key);
    if (status != IOTFLOW_OK) {
        return status;
    }
    reset_key_pauses(web);
    if ((web->state == IOTFLOW_WEB_STOPPED) || web->key_wanted) {
        web->key_wanted = false;
        web->pause_ms = 0;
        enter(web, IOTFLOW_WEB_PAUSED);
    }
    return IOTFLOW_OK;
}

iotflow_status iotflow_grpc_web_call(iotflow_grpc_web *web, const char *method, iotflow_span request, iotflow_call_ended ended,
                                     void *context) {
    if (web->method != NULL) {
        return IOTFLOW_AGAIN;
    }
    web->method = method;
    web->request = request;
    web->ended = ended;
    web->ended_context = context;
    return IOTFLOW_OK;
}
