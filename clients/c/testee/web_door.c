#include "web_door.h"

#include <string.h>
#include <unistd.h>

#include "interruptions.h"
#include "keys.h"
#include "lines.h"

static iotflow_grpc_web web;
static uint8_t sent[4096], received[65536];

static void note_interrupted(void *context, const iotflow_error *error, uint32_t delay_ms) {
    (void)context;
    report_interruption(code_name(error->code), error->reason, delay_ms);
}

static const char *want_key(void *context, const iotflow_error *error) {
    (void)context;
    write_line("{\"event\":\"credential_wanted\",\"reason\":\"%s\"}", error->reason);
    return take_key();
}

iotflow_status open_web_door(const iotflow_transport *transport, const char *host, const char *key, iotflow_writer *writer) {
    iotflow_grpc_web_options options;
    (void)memset(&options, 0, sizeof options);
    options.host = host;
    options.api_key = key;
    options.send_memory = sent;
    options.send_size = sizeof sent;
    options.receive_memory = received;
    options.receive_size = sizeof received;
    options.seed = (uint32_t)getpid();
    options.credential = want_key;
    options.interrupted = note_interrupted;
    return iotflow_grpc_web_open(&web, writer, transport, &options);
}

void attach_to_web(iotflow_writer *writer) {
    if ((web.state == IOTFLOW_WEB_CALLING) && (web.purpose != IOTFLOW_WEB_OWN_CALL)) {
        web.state = IOTFLOW_WEB_PAUSED;
    }
    web.writer = writer;
}

iotflow_grpc_web *web_door(void) { return &web; }
