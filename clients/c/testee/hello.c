#include "hello.h"

#include <stdio.h>

#include "lines.h"

/* Reasons that several scenarios share. */
#define READING "the client has no calls that read ranges: microcontrollers write"
#define RELAY "the relay changes calls of gRPC; tests/e2e/test_c_commands.py changes the packets of MQTT"
#define TRANSPORT "the transport is the application's: it has the target, and the cause of a failure"
#define RING "the queue is a ring, not a folder of segments; tests/test_ring.c cuts and damages it"
#define GATEWAY "a microcontroller writes for itself"
#define CALL "gRPC-Web sends one batch in each call, and waits for its acknowledgement"

/* Features and scenarios, and why the client lacks them. */
static const char *const lacks[][2] = {
    {"subscribe", "microcontrollers write; they do not follow other devices"},
    {"range-in-pages", READING},
    {"aggregates", READING},
    {"columns-are-read", READING},
    {"read-is-broken-off", READING},
    {"error-names-the-field", READING},
    {"devices", "administration is not for devices"},
    {"command-delivered-twice", RELAY},
    {"result-lost-with-the-connection", RELAY},
    {"rows-before-the-first-answer", "without a clock, rows get the time at which the server gets them"},
    {"target-of-another-form", TRANSPORT},
    {"cause-of-a-refused-connection", TRANSPORT},
    {"cause-of-an-unknown-host", TRANSPORT},
    {"cause-of-a-failed-handshake", TRANSPORT},
    {"server-without-tls", TRANSPORT},
    {"vectors", "the client encodes the rows that it took, and decodes no batches"},
    {"gateway-writes-for-devices", GATEWAY},
    {"gateway-asks-for-no-device", GATEWAY},
    {"last-record-cut-off", RING},
    {"record-of-acknowledgements-lost", RING},
    {"acknowledged-segments-are-deleted", RING},
    {"queue-folders", RING},
    {"queue-cut-at-every-byte", RING},
    {"window-is-bounded", CALL},
    {"repeated-and-older-acknowledgements", CALL},
    {"dropped-acknowledgements", CALL},
    {"retryable-status-in-mid-stream", CALL},
    {"throwing", "C has no exceptions"},
    {"result-beyond-the-limit", "a handler writes its result into the bytes that it is given"},
    {"result-that-the-server-rejects", "what is rejected goes to the topic of errors"},
    {"answer-beyond-the-limit", "the client takes what fits into its memory, and leaves out the rest"},
    {"folder-is-removed", RING},
};

void say_hello(int64_t id) {
    size_t i;
    (void)printf("{\"id\":%lld,\"result\":{\"language\":\"c\",\"version\":\"0.1.0\",\"skips\":{", (long long)id);
    for (i = 0; i < (sizeof lacks / sizeof *lacks); i++) {
        (void)printf("%s\"%s\":\"%s\"", (i == 0U) ? "" : ",", lacks[i][0], lacks[i][1]);
    }
    write_line("}}}");
}
