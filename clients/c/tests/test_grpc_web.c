/* The gRPC-Web door against a server in memory that answers each call as a test says. */
#include <string.h>

#include "check.h"
#include "iotflow/iotflow.h"

enum { LONGEST_WAIT_MS = 60000 };

static char to_client[512];
static uint32_t from, to;
static uint32_t connections;
static iotflow_writer writer;
static iotflow_grpc_web web;
static iotflow_storage storage;
static uint8_t rows[512], queue[2048], receive_memory[256], send_memory[512];
static uint32_t now, asked;
static const char *next_key;

static iotflow_status server_connect(void *context, int begin) {
    (void)context;
    if (begin != 0) {
        connections++;
        from = 0;
        to = 0;
    }
    return IOTFLOW_OK;
}

static int32_t server_read(void *context, uint8_t *data, uint32_t size) {
    const uint32_t part = ((to - from) < size) ? (to - from) : size;
    (void)context;
    (void)memcpy(data, to_client + from, part);
    from += part;
    return (int32_t)part;
}

static int32_t server_write(void *context, const uint8_t *data, uint32_t size) {
    (void)context;
    (void)data;
    return (int32_t)size;
}

static const iotflow_transport transport = {server_connect, server_read, server_write, NULL};

static const char *give_key(void *context, const iotflow_error *error) {
    (void)context;
    CHECK(error->code == 16U);
    asked++;
    return next_key;
}

static iotflow_status poll_once(void) {
    const iotflow_status status = iotflow_grpc_web_poll(&web, now);
    now++;
    return status;
}

static void prepare(void) {
    static const iotflow_column column = {"level", IOTFLOW_DOUBLE};
    const iotflow_value value = iotflow_double(1);
    iotflow_writer_options writing;
    iotflow_grpc_web_options options;
    uint32_t i;
    (void)memset(&writing, 0, sizeof writing);
    (void)memset(&options, 0, sizeof options);
    now = UINT32_MAX - 500U;
    asked = 0;
    connections = 0;
    next_key = "wrong";
    writing.columns = &column;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rows = 1;
    options.host = "server";
    options.api_key = "old";
    options.send_memory = send_memory;
    options.send_size = sizeof send_memory;
    options.receive_memory = receive_memory;
    options.receive_size = sizeof receive_memory;
    options.credential = give_key;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    CHECK(iotflow_writer_open(&writer, &writing, &storage) == IOTFLOW_OK);
    for (i = 0; i < 3U; i++) {
        CHECK(iotflow_writer_add(&writer, now, 1000 + (int64_t)i, &value) == IOTFLOW_OK);
    }
    CHECK(iotflow_grpc_web_open(&web, &writer, &transport, &options) == IOTFLOW_OK);
}

/* Polls until a batch is sent. */
static void await_call(void) {
    const uint32_t began = now;
    while ((web.state != IOTFLOW_WEB_CALLING) && ((now - began) < (uint32_t)LONGEST_WAIT_MS)) {
        CHECK(poll_once() == IOTFLOW_OK);
    }
    CHECK((web.state == IOTFLOW_WEB_CALLING) && web.sends_batch);
}

static void answer(const char *bytes, size_t size) {
    await_call();
    (void)memcpy(to_client, bytes, size);
    from = 0;
    to = (uint32_t)size;
}

static void reject(void) {
    static const char text[] = "HTTP/1.1 200 OK\r\ngrpc-status: 16\r\ncontent-length: 0\r\n\r\n";
    answer(text, sizeof text - 1U);
}

static void acknowledge(void) {
    static const char text[] = "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\ncontent-length: 7\r\n\r\n\0\0\0\0\2\x08";
    char bytes[sizeof text];
    await_call();
    (void)memcpy(bytes, text, sizeof text);
    bytes[sizeof text - 1U] = (char)web.record.sequence;
    answer(bytes, sizeof bytes);
    CHECK(poll_once() == IOTFLOW_OK);
}

/* Milliseconds until the next question. */
static uint32_t wait_for_question(void) {
    const uint32_t began = now, before = asked;
    while ((asked == before) && ((now - began) < (uint32_t)LONGEST_WAIT_MS)) {
        (void)poll_once();
    }
    CHECK(asked == (before + 1U));
    return now - began - 1U;
}

/* The server rejects the key, and the next question follows a pause of at most so many milliseconds. */
static void expect_pause(uint32_t longest) {
    uint32_t pause;
    reject();
    pause = wait_for_question();
    CHECK((pause >= (longest / 2U)) && (pause <= longest));
}

static void questions_with_rejected_answers_follow_pauses(void) {
    static const char limited[] = "HTTP/1.1 200 OK\r\ngrpc-status: 16\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    uint32_t pause;
    prepare();
    expect_pause(0);
    expect_pause(200);
    expect_pause(400);
    expect_pause(800);
    CHECK(strcmp(web.options.api_key, "wrong") == 0);
    answer(limited, sizeof limited - 1U);
    pause = wait_for_question();
    CHECK((pause >= 7800U) && (pause <= 8600U));
}

static void an_acknowledgement_ends_the_pauses(void) {
    prepare();
    expect_pause(0);
    expect_pause(200);
    acknowledge();
    CHECK(writer.acknowledged_rows == 1U);
    expect_pause(0);
    expect_pause(200);
}

static void a_key_of_the_application_ends_the_pauses(void) {
    prepare();
    expect_pause(0);
    expect_pause(200);
    await_call();
    iotflow_grpc_web_use_key(&web, "rotated");
    expect_pause(0);
    expect_pause(200);
}

static void a_key_of_the_application_is_used_during_a_pause(void) {
    prepare();
    expect_pause(0);
    reject();
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK(web.key_wanted);
    iotflow_grpc_web_use_key(&web, "rotated");
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((web.state == IOTFLOW_WEB_CALLING) && (asked == 1U));
    CHECK(strcmp(web.options.api_key, "rotated") == 0);
}

static void without_another_key_the_door_stops(void) {
    prepare();
    expect_pause(0);
    next_key = NULL;
    expect_pause(200);
    CHECK(poll_once() == IOTFLOW_UNAUTHENTICATED);
    iotflow_grpc_web_use_key(&web, "new");
    acknowledge();
    CHECK((writer.acknowledged_rows == 1U) && (asked == 2U));
}

int main(void) {
    questions_with_rejected_answers_follow_pauses();
    an_acknowledgement_ends_the_pauses();
    a_key_of_the_application_ends_the_pauses();
    a_key_of_the_application_is_used_during_a_pause();
    without_another_key_the_door_stops();
    return finish("grpc_web");
}
