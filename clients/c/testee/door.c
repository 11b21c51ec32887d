#include "door.h"

#include <stdio.h>
#include <stdlib.h>

#include "calls.h"
#include "keys.h"
#include "lines.h"
#include "link.h"
#include "mqtt_door.h"
#include "queue.h"
#include "web_door.h"

static enum { NO_DOOR, WEB_DOOR, MQTT_DOOR } door;
static iotflow_transport transport;
/* The application has given something else as a key. */
static bool key_is_none;

static bool is_true(iotflow_span request, const char *name) {
    iotflow_span value;
    return iotflow_json_find(request, name, &value) && (value.data[0] == (uint8_t)'t');
}

bool is_connected(void) { return door != NO_DOOR; }

/* Tokens are empty where there is none. */
static bool is_given(const char *token) { return (token != NULL) && (token[0] != '\0'); }

/* Tokens are for registration by MQTT. */
static iotflow_status open_door(iotflow_span request, const char *key, const char *token, iotflow_writer *writer) {
    if (is_true(request, "mqtt") || is_given(token)) {
        door = MQTT_DOOR;
        return open_mqtt_door(&transport, (uint32_t)member_number(request, "device_id", 0), key,
                              is_given(token) ? token : NULL, writer);
    }
    door = WEB_DOOR;
    return open_web_door(&transport, link_host(), key, writer);
}

void connect_to(iotflow_writer *writer, iotflow_span request, int64_t id) {
    char *target = member_text(request, "target");
    char *key = member_text(request, "api_key");
    char *token = member_text(request, "token");
    iotflow_span tls = {NULL, 0};
    (void)iotflow_json_find(request, "tls", &tls);
    link_to(&transport, target, tls);
    if (open_door(request, keep_key(key), token, writer) == IOTFLOW_OK) {
        write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
    } else {
        door = NO_DOOR;
        write_key_error(id, is_given(token) ? "token" : "api_key");
    }
    free(target);
    free(key);
    free(token);
}

/* The door has stopped for want of it. */
static iotflow_status give_key(const char *key) {
    return (door == MQTT_DOOR) ? use_key_by_mqtt(key) : iotflow_grpc_web_use_key(web_door(), key);
}

void use_new_key(iotflow_span request, int64_t id) {
    char *key = member_text(request, "api_key");
    key_is_none = false;
    if ((key != NULL) && (door == WEB_DOOR) && (web_door()->state != IOTFLOW_WEB_STOPPED)) {
        queue_key(key);
    } else if (key != NULL) {
        key_is_none = give_key(keep_key(key)) != IOTFLOW_OK;
    }
    set_no_key((key == NULL) || key_is_none);
    free(key);
    write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
}

bool begin_at_door(const char *verb, iotflow_span request, int64_t id) {
    return (door == MQTT_DOOR) ? begin_device_request(verb, request, id) : begin_call(web_door(), verb, request, id);
}

void attach_writer(iotflow_writer *writer) {
    if (door == MQTT_DOOR) {
        attach_to_mqtt(writer);
    } else {
        attach_to_web(writer);
    }
}

iotflow_status poll_door(uint32_t now_ms) {
    switch (door) {
        case WEB_DOOR:
            return iotflow_grpc_web_poll(web_door(), now_ms);
        case MQTT_DOOR:
            return poll_mqtt_door(now_ms);
        default:
            return IOTFLOW_OK;
    }
}

bool is_final(iotflow_status status) {
    return (status == IOTFLOW_REJECTED) || (status == IOTFLOW_INVALID_ARGUMENT) || (status == IOTFLOW_QUEUE_OF_ANOTHER_DEVICE) ||
           ((status == IOTFLOW_UNAUTHENTICATED) && has_no_key());
}

static void write_queue_error(int64_t id, const iotflow_writer *writer) {
    char message[1200];
    (void)snprintf(message, sizeof message, "The queue %s has batches of device %u, and the key is that of device %u.",
                   queue_folder(), (unsigned)writer->ring.device,
                   (unsigned)((door == WEB_DOOR) ? web_door()->device_id : device_of_mqtt()));
    write_error(id, "FAILED_PRECONDITION", "QUEUE_OF_ANOTHER_DEVICE", message, false);
}

void write_final_error(const iotflow_writer *writer, int64_t id, iotflow_status status) {
    if (status == IOTFLOW_QUEUE_OF_ANOTHER_DEVICE) {
        write_queue_error(id, writer);
    } else if (key_is_none || (status == IOTFLOW_INVALID_ARGUMENT)) {
        write_key_error(id, "api_key");
    } else if (door == WEB_DOOR) {
        write_call_error(id, &web_door()->answer.error);
    } else if (status == IOTFLOW_UNAUTHENTICATED) {
        write_error(id, "UNAUTHENTICATED", "", "The broker rejects the key.", false);
    } else {
        write_error(id, "PERMISSION_DENIED", "", "The server rejects the device.", false);
    }
}
