#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "lines.h"

/* Fields of requests and answers. */
enum { NAME = 1, DEVICE_TYPE = 2, REGISTERED_DEVICE = 2, DEVICE_ID = 1, DEVICE_KEY = 14 };
enum { KEY_BYTES = IOTFLOW_LONGEST_KEY + 2 };
enum { STATUS = 1, STATUS_TEXT = 3, BEAT_TIME = 3, BEAT_STATUS = 4, ROTATED_KEY = 3 };
enum { LATEST_DATA = 4, LATEST_TIME = 5, FIELDS = 1, ENTRY_KEY = 1, ENTRY_VALUE = 2, NUMBER_VALUE = 2, SECONDS = 1, NANOS = 2 };

/* The one call that may be on its way. */
static iotflow_grpc_web *door;
static int64_t call_id;
static uint8_t message[512];
static uint32_t message_size;

void write_call_error(int64_t id, const iotflow_error *error) {
    char message_text[2U * sizeof error->message];
    char pause[32] = "null";
    escape_text(error->message, message_text);
    if (error->retry_after_ms > 0U) {
        (void)snprintf(pause, sizeof pause, "%.3f", error->retry_after_ms / 1000.0);
    }
    write_line(
        "{\"id\":%lld,\"error\":{\"code\":\"%s\",\"reason\":\"%s\",\"message\":\"%s\",\"field\":\"%s\",\"retryable\":%s,"
        "\"retry_after\":%s,\"request_id\":\"%s\"}}",
        (long long)id, code_name(error->code), error->reason, message_text, error->field, error->retryable ? "true" : "false",
        pause, error->request_id);
}

/* Requests. */

static iotflow_status collect(void *context, const uint8_t *data, uint32_t size) {
    (void)context;
    if ((message_size + size) > sizeof message) {
        return IOTFLOW_TOO_LARGE;
    }
    (void)memcpy(message + message_size, data, size);
    message_size += size;
    return IOTFLOW_OK;
}

static iotflow_sink sink = {collect, NULL, IOTFLOW_OK};

static void put_head(uint32_t id, size_t size) {
    iotflow_put_tag(&sink, id, IOTFLOW_WIRE_BYTES);
    iotflow_put_varint(&sink, size);
}

static void put_text(uint32_t id, const char *text) {
    if (text != NULL) {
        put_head(id, strlen(text));
        iotflow_put_bytes(&sink, text, (uint32_t)strlen(text));
    }
}

/* Answers. */

static bool field_of(iotflow_span from, uint32_t id, iotflow_field *field) {
    while (iotflow_take_field(&from, field) == IOTFLOW_OK) {
        if (field->id == id) {
            return true;
        }
    }
    return false;
}

/* Milliseconds of a google.protobuf.Timestamp, the field `id` of a message. */
static long long time_of(iotflow_span from, uint32_t id) {
    iotflow_field time, part;
    long long milliseconds = 0;
    if (field_of(from, id, &time)) {
        milliseconds += field_of(time.bytes, SECONDS, &part) ? (long long)part.number * 1000 : 0;
        milliseconds += field_of(time.bytes, NANOS, &part) ? (long long)part.number / 1000000 : 0;
    }
    return milliseconds;
}

static bool failed(const iotflow_error *error) {
    if (error->code != 0U) {
        write_call_error(call_id, error);
    }
    return error->code != 0U;
}

/* Returns the key. */
static const char *use_key(iotflow_field key) {
    char text[KEY_BYTES];
    const char *kept;
    (void)snprintf(text, sizeof text, "%.*s", (int)key.bytes.size, (const char *)key.bytes.data);
    kept = keep_key(text);
    (void)iotflow_grpc_web_use_key(door, kept);
    return kept;
}

static void registered(void *context, const iotflow_error *error, iotflow_span answer) {
    iotflow_field device, key, number;
    (void)context;
    if (failed(error)) {
        return;
    }
    if (field_of(answer, REGISTERED_DEVICE, &device) && field_of(device.bytes, DEVICE_ID, &number) &&
        field_of(device.bytes, DEVICE_KEY, &key)) {
        write_line("{\"id\":%lld,\"result\":{\"device_id\":%u,\"api_key\":\"%s\"}}", (long long)call_id,
                   (unsigned)number.number, use_key(key));
    } else {
        write_error(call_id, "INTERNAL", "", "The answer has no device.", false);
    }
}

static void rotated(void *context, const iotflow_error *error, iotflow_span answer) {
    iotflow_field key;
    (void)context;
    if (failed(error)) {
        return;
    }
    if (field_of(answer, ROTATED_KEY, &key)) {
        write_line("{\"id\":%lld,\"result\":{\"api_key\":\"%s\"}}", (long long)call_id, use_key(key));
    } else {
        write_error(call_id, "INTERNAL", "", "The answer has no key.", false);
    }
}

static void beaten(void *context, const iotflow_error *error, iotflow_span answer) {
    iotflow_field status;
    (void)context;
    if (failed(error)) {
        return;
    }
    if (field_of(answer, BEAT_STATUS, &status)) {
        write_line("{\"id\":%lld,\"result\":{\"timestamp\":%lld,\"status\":\"%.*s\"}}", (long long)call_id,
                   time_of(answer, BEAT_TIME), (int)status.bytes.size, (const char *)status.bytes.data);
    } else {
        write_error(call_id, "INTERNAL", "", "The answer has no status.", false);
    }
}

/* Numbers only; other values are left out. */
static void take_latest(void *context, const iotflow_error *error, iotflow_span answer) {
    iotflow_field data, entry, key, value, number;
    const char *comma = "";
    (void)context;
    if (failed(error)) {
        return;
    }
    (void)printf("{\"id\":%lld,\"result\":{\"timestamp\":%lld,\"values\":{", (long long)call_id, time_of(answer, LATEST_TIME));
    if (field_of(answer, LATEST_DATA, &data)) {
        while (iotflow_take_field(&data.bytes, &entry) == IOTFLOW_OK) {
            if ((entry.id == FIELDS) && field_of(entry.bytes, ENTRY_KEY, &key) && field_of(entry.bytes, ENTRY_VALUE, &value) &&
                field_of(value.bytes, NUMBER_VALUE, &number)) {
                double real;
                (void)memcpy(&real, &number.number, sizeof real);
                (void)printf("%s\"%.*s\":%.17g", comma, (int)key.bytes.size, (const char *)key.bytes.data, real);
                comma = ",";
            }
        }
    }
    write_line("}}}");
}

static void call(int64_t id, const char *method, iotflow_call_ended ended) {
    iotflow_span request;
    request.data = message;
    request.size = message_size;
    call_id = id;
    if (iotflow_grpc_web_call(door, method, request, ended, NULL) != IOTFLOW_OK) {
        write_error(id, "ABORTED", "", "Another call is not over.", true);
    }
}

static void register_device(iotflow_span request, int64_t id) {
    char *name = member_text(request, "name");
    char *type = member_text(request, "device_type");
    put_text(NAME, name);
    put_text(DEVICE_TYPE, type);
    free(name);
    free(type);
    call(id, "iotflow.v1.DeviceService/RegisterDevice", registered);
}

static void beat(iotflow_span request, int64_t id) {
    char *status = member_text(request, "status");
    /* A google.protobuf.Value around the text. */
    put_head(STATUS, strlen(status) + 2U);
    put_text(STATUS_TEXT, status);
    free(status);
    call(id, "iotflow.v1.DeviceService/SendHeartbeat", beaten);
}

static void ask_latest(iotflow_span request, int64_t id) {
    iotflow_put_tag(&sink, DEVICE_ID, IOTFLOW_WIRE_VARINT);
    iotflow_put_varint(&sink, (uint64_t)member_number(request, "device_id", 0));
    call(id, "iotflow.v1.TelemetryService/GetLatestTelemetry", take_latest);
}

bool begin_call(iotflow_grpc_web *web, const char *verb, iotflow_span request, int64_t id) {
    door = web;
    message_size = 0;
    if (strcmp(verb, "register") == 0) {
        register_device(request, id);
    } else if (strcmp(verb, "heartbeat") == 0) {
        beat(request, id);
    } else if (strcmp(verb, "rotate") == 0) {
        call(id, "iotflow.v1.DeviceService/RotateApiKey", rotated);
    } else if (strcmp(verb, "latest") == 0) {
        ask_latest(request, id);
    } else {
        return false;
    }
    return true;
}
