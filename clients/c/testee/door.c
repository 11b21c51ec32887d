#include "door.h"

#include <stdlib.h>

#include "calls.h"
#include "keys.h"
#include "lines.h"
#include "link.h"
#include "mqtt_door.h"
#include "web_door.h"

static enum { NO_DOOR, WEB_DOOR, MQTT_DOOR } door;
static iotflow_transport transport;

static bool is_true(iotflow_span request, const char *name) {
    iotflow_span value;
    return iotflow_json_find(request, name, &value) && (value.data[0] == (uint8_t)'t');
}

bool is_connected(void) { return door != NO_DOOR; }

void connect_to(iotflow_writer *writer, iotflow_span request, int64_t id) {
    char *target = member_text(request, "target");
    char *key = member_text(request, "api_key");
    iotflow_span tls = {NULL, 0};
    (void)iotflow_json_find(request, "tls", &tls);
    link_to(&transport, target, tls);
    if (is_true(request, "mqtt")) {
        door = MQTT_DOOR;
        open_mqtt_door(&transport, (uint32_t)member_number(request, "device_id", 0), keep_key(key), writer);
    } else {
        door = WEB_DOOR;
        open_web_door(&transport, link_host(), keep_key(key), writer);
    }
    free(target);
    free(key);
    write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
}

void use_new_key(iotflow_span request, int64_t id) {
    char *key = member_text(request, "api_key");
    if ((key != NULL) && (door == MQTT_DOOR)) {
        use_key_by_mqtt(keep_key(key));
    } else if ((key != NULL) && (web_door()->state != IOTFLOW_WEB_STOPPED)) {
        queue_key(key);
    } else if (key != NULL) {
        iotflow_grpc_web_use_key(web_door(), keep_key(key));
    }
    set_no_key(key == NULL);
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
        web_door()->writer = writer;
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
    return (status == IOTFLOW_REJECTED) || ((status == IOTFLOW_UNAUTHENTICATED) && has_no_key());
}

void write_final_error(int64_t id, iotflow_status status) {
    if (door == WEB_DOOR) {
        write_call_error(id, &web_door()->answer.error);
    } else if (status == IOTFLOW_UNAUTHENTICATED) {
        write_error(id, "UNAUTHENTICATED", "", "The broker rejects the key.", false);
    } else {
        write_error(id, "PERMISSION_DENIED", "", "The server rejects the device.", false);
    }
}
