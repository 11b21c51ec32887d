#include "mqtt_door.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interruptions.h"
#include "lines.h"

enum { HANDLED = 64, REPORT_BYTES = 512 };

static iotflow_mqtt mqtt;
static iotflow_mqtt_options options;
static const iotflow_transport *below;
static iotflow_writer *batches;
static iotflow_handled handled[HANDLED];
static uint8_t sent[4096], received[65536];
static bool is_open;
static char *wanted_outcome;

/* The configuration that is still to be reported. */
static struct {
    int64_t id;
    bool active;
    char configuration[REPORT_BYTES];
} report;

static void note_interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    (void)status;
    report_interruption("UNAVAILABLE", "", delay_ms);
}

static const char *want_key(void *context) {
    (void)context;
    write_line("{\"event\":\"credential_wanted\",\"reason\":\"\"}");
    return NULL;
}

/* Commands. */

static iotflow_outcome execute(void *context, const iotflow_command *command, char *result, uint32_t size) {
    const iotflow_span parameters = command->parameters;
    (void)context;
    write_line("{\"event\":\"command\",\"command_id\":%" PRIu64 ",\"name\":\"%s\",\"parameters\":%.*s}", command->id,
               command->name, (int)parameters.size, (const char *)parameters.data);
    if (strcmp(wanted_outcome, "hang") == 0) {
        return IOTFLOW_COMMAND_LATER;
    }
    if ((strcmp(wanted_outcome, "fail") == 0) || (parameters.size >= size)) {
        (void)snprintf(result, size, "The handler fails.");
        return IOTFLOW_COMMAND_FAILED;
    }
    (void)snprintf(result, size, "%.*s", (int)parameters.size, (const char *)parameters.data);
    return IOTFLOW_COMMAND_SUCCEEDED;
}

/* Configuration. */

static void configure(void *context, uint64_t version, iotflow_span desired) {
    (void)context;
    write_line("{\"event\":\"config\",\"version\":%" PRIu64 ",\"desired\":%.*s}", version, (int)desired.size,
               (const char *)desired.data);
}

static void begin_report(iotflow_span request, int64_t id) {
    iotflow_span configuration = {NULL, 0};
    (void)iotflow_json_find(request, "configuration", &configuration);
    (void)snprintf(report.configuration, sizeof report.configuration, "{\"configuration\":%.*s}", (int)configuration.size,
                   (const char *)configuration.data);
    report.id = id;
    report.active = true;
}

static void go_on_reporting(void) {
    if (report.active && (iotflow_mqtt_publish(&mqtt, "config/reported", report.configuration) == IOTFLOW_OK)) {
        report.active = false;
        write_line("{\"id\":%lld,\"result\":{}}", (long long)report.id);
    }
}

/* The connection. A new one is made for new handlers, because it subscribes to what it has handlers for. */

static iotflow_status open_with_handlers(void) {
    const iotflow_status status = iotflow_mqtt_open(&mqtt, batches, below, &options);
    is_open = status == IOTFLOW_OK;
    return status;
}

iotflow_status open_mqtt_door(const iotflow_transport *transport, uint32_t device_id, const char *key, const char *token,
                              iotflow_writer *writer) {
    iotflow_status status;
    below = transport;
    batches = writer;
    is_open = false;
    (void)memset(&options, 0, sizeof options);
    options.device_id = device_id;
    options.api_key = key;
    options.send_memory = sent;
    options.send_size = sizeof sent;
    options.receive_memory = received;
    options.receive_size = sizeof received;
    options.handled = handled;
    options.handled_count = HANDLED;
    options.seed = (uint32_t)getpid();
    options.credential = want_key;
    options.interrupted = note_interrupted;
    options.name = "testee";
    options.token = token;
    /* Without a handler it would subscribe to nothing, so it is opened again with the first one. */
    status = open_with_handlers();
    is_open = is_open && (writer != NULL);
    options.token = NULL;
    return status;
}

void attach_to_mqtt(iotflow_writer *writer) {
    batches = writer;
    if (is_open) {
        mqtt.writer = writer;
    } else {
        (void)open_with_handlers();
    }
}

iotflow_status use_key_by_mqtt(const char *key) {
    options.api_key = key;
    return iotflow_mqtt_use_key(&mqtt, key);
}

uint32_t device_of_mqtt(void) { return mqtt.device_id; }

iotflow_status poll_mqtt_door(uint32_t now_ms) {
    iotflow_status status = IOTFLOW_OK;
    if (is_open) {
        status = iotflow_mqtt_poll(&mqtt, now_ms);
        go_on_reporting();
    }
    return status;
}

bool begin_device_request(const char *verb, iotflow_span request, int64_t id) {
    if (strcmp(verb, "config.report") == 0) {
        begin_report(request, id);
        if (!is_open) {
            (void)open_with_handlers();
        }
        return true;
    }
    if (strcmp(verb, "commands.handle") == 0) {
        free(wanted_outcome);
        wanted_outcome = member_text(request, "outcome");
        options.command = execute;
    } else if (strcmp(verb, "config.watch") == 0) {
        options.config = configure;
    } else {
        return false;
    }
    (void)open_with_handlers();
    write_line("{\"id\":%lld,\"result\":{}}", (long long)id);
    return true;
}
