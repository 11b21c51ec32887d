/* The gRPC-Web door against a server in memory that answers each call as a test says. */
#include <string.h>

#include "check.h"
#include "iotflow/iotflow.h"

enum { LONGEST_WAIT_MS = 60000 };

/* Details of errors as the server makes them: ErrorInfo with WRONG_KEY, WRONG_ROLE or BAD_BATCH. */
#define WRONG_KEY \
    "CBAaVAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxIoCglXUk9OR19LRVkSB2lvdGZsb3caEgoJcmV0cnlhYmxlEgVmYWxzZQ"
#define WRONG_ROLE "CAcaOAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxIMCgpXUk9OR19ST0xF"
#define BAD_BATCH "CAMaNwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxILCglCQURfQkFUQ0g"
/* An answer without a message. */
#define ENDED(status, headers) "HTTP/1.1 200 OK\r\ngrpc-status: " status "\r\n" headers "content-length: 0\r\n\r\n"
#define DETAILS(text) "grpc-status-details-bin: " text "\r\n"

static char to_client[1024];
static uint32_t from, to;
/* What the client has sent since the last answer. */
static char sent[1024];
static uint32_t sent_size;
static uint32_t connections;
/* Bytes that the server takes on a connection. */
static uint32_t room;
static iotflow_writer writer;
static iotflow_grpc_web web;
static iotflow_storage storage;
static uint8_t rows[512], queue[2048], receive_memory[256], send_memory[512];
static uint32_t now, asked;
static const char *next_key;
/* The last interruption, and their number; rows that were dropped as damaged; the last rejection as a whole. */
static uint32_t interruptions, last_code, last_delay, damaged_rows, given_up;

static iotflow_status server_connect(void *context, int begin) {
    (void)context;
    if (begin != 0) {
        connections++;
        from = 0;
        to = 0;
        sent_size = 0;
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
    size = (size < room) ? size : room;
    CHECK((sent_size + size) <= sizeof sent);
    (void)memcpy(sent + sent_size, data, size);
    sent_size += size;
    room -= size;
    return (int32_t)size;
}

static bool was_sent(const char *text) {
    const size_t size = strlen(text);
    uint32_t i;
    for (i = 0; (i + size) <= sent_size; i++) {
        if (memcmp(sent + i, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static const iotflow_transport transport = {server_connect, server_read, server_write, NULL};

static const char *give_key(void *context, const iotflow_error *error) {
    (void)context;
    CHECK(error->code == 16U);
    asked++;
    return next_key;
}

static void note_interrupted(void *context, const iotflow_error *error, uint32_t delay_ms) {
    (void)context;
    interruptions++;
    last_code = error->code;
    last_delay = delay_ms;
}

static void note_dropped(void *context, uint32_t number, iotflow_drop reason) {
    (void)context;
    CHECK(reason == IOTFLOW_DROPPED_DAMAGED);
    damaged_rows += number;
}

static void note_rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    given_up += (rejection->measurement[0] == '\0') ? rejection->count : 0U;
}

static iotflow_status poll_once(void) {
    const iotflow_status status = iotflow_grpc_web_poll(&web, now);
    now++;
    return status;
}

static void prepare_queue(bool persistent) {
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
    room = UINT32_MAX;
    interruptions = 0;
    damaged_rows = 0;
    given_up = 0;
    next_key = "wrong";
    writing.columns = &column;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rows = 1;
    writing.dropped = note_dropped;
    writing.rejected = note_rejected;
    options.host = "server";
    options.api_key = "old";
    options.send_memory = send_memory;
    options.send_size = sizeof send_memory;
    options.receive_memory = receive_memory;
    options.receive_size = sizeof receive_memory;
    options.credential = give_key;
    options.interrupted = note_interrupted;
    (void)memset(queue, 0xff, sizeof queue);
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    storage.persistent = persistent;
    CHECK(iotflow_writer_open(&writer, &writing, &storage) == IOTFLOW_OK);
    for (i = 0; i < 3U; i++) {
        CHECK(iotflow_writer_add(&writer, now, 1000 + (int64_t)i, &value) == IOTFLOW_OK);
    }
    CHECK(iotflow_grpc_web_open(&web, &writer, &transport, &options) == IOTFLOW_OK);
}

static void prepare(void) { prepare_queue(false); }

/* Polls until a call is made. */
static void await_call_of(iotflow_grpc_web_purpose purpose) {
    const uint32_t began = now;
    while ((web.state != IOTFLOW_WEB_CALLING) && ((now - began) < (uint32_t)LONGEST_WAIT_MS)) {
        CHECK(poll_once() == IOTFLOW_OK);
    }
    CHECK((web.state == IOTFLOW_WEB_CALLING) && (web.purpose == purpose));
}

static void await_call(void) { await_call_of(IOTFLOW_WEB_BATCH); }

/* The answer to the call that is on the way. */
static void answer(const char *bytes, size_t size) {
    (void)memcpy(to_client, bytes, size);
    from = 0;
    to = (uint32_t)size;
    sent_size = 0;
}

/* The answer to the next batch. */
#define ANSWER(text)                     \
    do {                                 \
        await_call();                    \
        answer(text, sizeof(text) - 1U); \
    } while (0)

static void reject(void) { ANSWER(ENDED("16", DETAILS(WRONG_KEY))); }

/* The answer to the next batch has this sequence. */
static void acknowledge_as(uint32_t sequence) {
    static const char text[] = "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\ncontent-length: 7\r\n\r\n\0\0\0\0\2\x08";
    char bytes[sizeof text];
    await_call();
    (void)memcpy(bytes, text, sizeof text);
    bytes[sizeof text - 1U] = (char)sequence;
    answer(bytes, sizeof bytes);
    CHECK(poll_once() == IOTFLOW_OK);
}

static void acknowledge(void) {
    await_call();
    acknowledge_as(web.record.sequence);
}

/* The answer to the question whose key it is. */
static void answer_device(uint8_t device) {
    static const char text[] = "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\ncontent-length: 7\r\n\r\n\0\0\0\0\2\x10";
    char bytes[sizeof text];
    await_call_of(IOTFLOW_WEB_QUESTION);
    CHECK(was_sent("POST /iotflow.v1.DeviceService/SendHeartbeat HTTP/1.1\r\n"));
    (void)memcpy(bytes, text, sizeof text);
    bytes[sizeof text - 1U] = (char)device;
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
    uint32_t pause;
    prepare();
    expect_pause(0);
    expect_pause(200);
    expect_pause(400);
    expect_pause(800);
    CHECK(strcmp(web.options.api_key, "wrong") == 0);
    ANSWER(ENDED("16", "retry-after: 7\r\n" DETAILS(WRONG_KEY)));
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
    CHECK(iotflow_grpc_web_use_key(&web, "rotated") == IOTFLOW_OK);
    /* The call that was rejected had the key before: the new one is tried first. */
    reject();
    CHECK(poll_once() == IOTFLOW_OK);
    await_call();
    CHECK((asked == 2U) && was_sent("x-api-key: rotated\r\n"));
    expect_pause(0);
    expect_pause(200);
}

static void a_key_of_the_application_is_used_during_a_pause(void) {
    prepare();
    expect_pause(0);
    reject();
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK(web.key_wanted);
    CHECK(iotflow_grpc_web_use_key(&web, "rotated") == IOTFLOW_OK);
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
    CHECK(iotflow_grpc_web_use_key(&web, "new") == IOTFLOW_OK);
    acknowledge();
    CHECK((writer.acknowledged_rows == 1U) && (asked == 2U));
}

static void keys_have_their_form(void) {
    static const char *const others[] = {"", "key\n", "two words", "k\xc3\xa9y"};
    char longest[IOTFLOW_LONGEST_KEY + 2];
    size_t i;
    (void)memset(longest, 'k', sizeof longest);
    longest[IOTFLOW_LONGEST_KEY] = '\0';
    prepare();
    CHECK(iotflow_grpc_web_use_key(&web, longest) == IOTFLOW_OK);
    longest[IOTFLOW_LONGEST_KEY] = 'k';
    longest[IOTFLOW_LONGEST_KEY + 1] = '\0';
    CHECK(iotflow_grpc_web_use_key(&web, longest) == IOTFLOW_INVALID_ARGUMENT);
    for (i = 0; i < (sizeof others / sizeof *others); i++) {
        iotflow_grpc_web_options options;
        prepare();
        options = web.options;
        CHECK(iotflow_grpc_web_use_key(&web, others[i]) == IOTFLOW_INVALID_ARGUMENT);
        await_call();
        CHECK(was_sent("x-api-key: old\r\n"));
        next_key = others[i];
        reject();
        CHECK(poll_once() == IOTFLOW_INVALID_ARGUMENT);
        options.api_key = others[i];
        CHECK(iotflow_grpc_web_open(&web, &writer, &transport, &options) == IOTFLOW_INVALID_ARGUMENT);
    }
}

/* The call is over, and another attempt follows a pause in which nothing is sent. */
static void expect_interruption(void) {
    const uint32_t before = interruptions, since = now;
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((interruptions == (before + 1U)) && (last_code == 14U) && (last_delay >= 100U));
    await_call();
    CHECK(((now - since) >= last_delay) && (interruptions == (before + 1U)));
}

static void a_batch_without_acknowledgement_is_sent_again_after_a_pause(void) {
    uint32_t turn;
    uint32_t longest = 0;
    prepare();
    for (turn = 0; turn < 6U; turn++) {
        ANSWER(ENDED("0", ""));
        expect_interruption();
        longest = (last_delay > longest) ? last_delay : longest;
    }
    CHECK((longest >= 3200U) && (writer.ring.queued_batches == 3U));
    acknowledge();
    CHECK(writer.acknowledged_rows == 1U);
}

static void an_acknowledgement_of_what_was_not_sent_removes_nothing(void) {
    static const uint8_t sequences[] = {0, 2, 3, 4, 100};
    size_t i;
    for (i = 0; i < sizeof sequences; i++) {
        prepare();
        acknowledge_as(sequences[i]);
        CHECK((writer.ring.queued_batches == 3U) && (writer.acknowledged_rows == 0U));
        CHECK((interruptions == 1U) && (last_code == 14U));
        acknowledge();
        CHECK((writer.ring.queued_batches == 2U) && (writer.acknowledged_rows == 1U));
    }
}

/* The server has not got the whole batch, and the connection cannot be used for another one. */
static void an_answer_that_comes_early_acknowledges_nothing(void) {
    prepare();
    room = 100;
    acknowledge_as(1);
    CHECK((writer.acknowledged_rows == 0U) && (interruptions == 1U) && (connections == 1U));
    room = UINT32_MAX;
    acknowledge();
    CHECK((writer.acknowledged_rows == 1U) && (connections == 2U));
    room = 100;
    ANSWER(ENDED("3", DETAILS(BAD_BATCH)));
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((given_up == 1U) && (connections == 2U));
    room = UINT32_MAX;
    acknowledge();
    CHECK(iotflow_writer_is_empty(&writer) && (connections == 3U));
}

/* committed_sequence, and rejections that do not fit into the memory for messages. */
static void an_acknowledgement_with_too_many_rejections_counts(void) {
    static const char head[] = "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\ncontent-length: 405\r\n\r\n\0\0\0\1\x90\x08\1\x12\xff\2";
    char bytes[sizeof head - 1U + 395U];
    prepare();
    await_call();
    (void)memset(bytes, 0, sizeof bytes);
    (void)memcpy(bytes, head, sizeof head - 1U);
    answer(bytes, sizeof bytes);
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((writer.acknowledged_rows == 1U) && (interruptions == 0U));
}

static void an_answer_of_a_stranger_is_no_reason_to_give_up(void) {
    prepare();
    ANSWER(ENDED("16", ""));
    expect_interruption();
    ANSWER(ENDED("7", ""));
    expect_interruption();
    ANSWER(ENDED("12", ""));
    expect_interruption();
    ANSWER("HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>");
    expect_interruption();
    CHECK(asked == 0U);
    acknowledge();
    CHECK(writer.acknowledged_rows == 1U);
    ANSWER(ENDED("7", DETAILS(WRONG_ROLE)));
    CHECK(poll_once() == IOTFLOW_REJECTED);
}

static void pauses_of_the_server_are_bounded(void) {
    prepare();
    ANSWER(ENDED("14", "retry-after: 999999\r\n"));
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((last_delay >= 3600100U) && (last_delay <= 3600200U));
    prepare();
    ANSWER(ENDED("14", "retry-after: -5\r\n"));
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK(last_delay <= 200U);
}

static void a_persistent_queue_asks_whose_key_it_is(void) {
    prepare_queue(true);
    answer_device(7);
    acknowledge();
    CHECK(writer.ring.device == 7U);
    acknowledge();
    CHECK(iotflow_grpc_web_use_key(&web, "rotated") == IOTFLOW_OK);
    answer_device(7);
    acknowledge();
    CHECK(iotflow_writer_is_empty(&writer));
}

static void a_queue_of_another_device_is_kept(void) {
    prepare_queue(true);
    answer_device(7);
    acknowledge();
    await_call();
    CHECK(iotflow_grpc_web_use_key(&web, "another") == IOTFLOW_OK);
    acknowledge();
    answer_device(8);
    CHECK(poll_once() == IOTFLOW_QUEUE_OF_ANOTHER_DEVICE);
    CHECK((writer.ring.device == 7U) && (web.device_id == 8U) && (writer.ring.queued_batches == 1U));
    CHECK(!was_sent("StreamTelemetry"));
    CHECK(iotflow_grpc_web_use_key(&web, "old") == IOTFLOW_OK);
    answer_device(7);
    acknowledge();
    CHECK(iotflow_writer_is_empty(&writer));
}

/* The answer is about a key that is not used any more. */
static void a_key_that_comes_during_the_question_is_asked_too(void) {
    prepare_queue(true);
    await_call_of(IOTFLOW_WEB_QUESTION);
    CHECK(iotflow_grpc_web_use_key(&web, "another") == IOTFLOW_OK);
    answer_device(7);
    await_call_of(IOTFLOW_WEB_QUESTION);
    CHECK((writer.ring.device == 0U) && was_sent("x-api-key: another\r\n"));
    answer_device(8);
    acknowledge();
    CHECK((writer.ring.device == 8U) && (writer.acknowledged_rows == 1U));
}

static void an_error_of_the_question_is_one_of_the_stream(void) {
    static const char retryable[] = ENDED("14", ""), of_the_key[] = ENDED("16", DETAILS(WRONG_KEY));
    static const char strange[] = ENDED("0", ""), final[] = ENDED("3", DETAILS(BAD_BATCH));
    prepare_queue(true);
    await_call_of(IOTFLOW_WEB_QUESTION);
    answer(retryable, sizeof retryable - 1U);
    CHECK((poll_once() == IOTFLOW_OK) && (interruptions == 1U) && (last_code == 14U));
    await_call_of(IOTFLOW_WEB_QUESTION);
    answer(strange, sizeof strange - 1U);
    CHECK((poll_once() == IOTFLOW_OK) && (interruptions == 2U) && (last_code == 14U));
    await_call_of(IOTFLOW_WEB_QUESTION);
    answer(of_the_key, sizeof of_the_key - 1U);
    CHECK((poll_once() == IOTFLOW_OK) && (asked == 1U));
    await_call_of(IOTFLOW_WEB_QUESTION);
    answer(final, sizeof final - 1U);
    CHECK(poll_once() == IOTFLOW_REJECTED);
    CHECK((given_up == 0U) && (writer.ring.queued_batches == 3U));
}

/* Changes a bit of a batch in the queue. Returns its sector. */
static uint32_t damage(uint32_t sequence) {
    iotflow_place place = writer.ring.begin;
    iotflow_record record;
    do {
        CHECK(iotflow_ring_next(&writer.ring, &place, &record) == IOTFLOW_OK);
    } while (record.sequence < sequence);
    queue[record.payload] ^= 1U;
    return place.sector;
}

static void add_batch(void) {
    const iotflow_value value = iotflow_double(2);
    CHECK(iotflow_writer_add(&writer, now, 5000, &value) == IOTFLOW_OK);
}

/* The rest of its sector is lost with it, and what is added later is sent. */
static void damage_at_the_end_of_the_queue_is_skipped(void) {
    prepare();
    await_call();
    (void)damage(2);
    acknowledge();
    CHECK(poll_once() == IOTFLOW_OK);
    CHECK((damaged_rows == 2U) && iotflow_writer_is_empty(&writer));
    add_batch();
    acknowledge();
    CHECK((writer.acknowledged_rows == 2U) && iotflow_writer_is_empty(&writer));
}

static void damage_within_the_queue_is_skipped(void) {
    uint32_t sector;
    prepare();
    while (writer.ring.end.sector < 2U) {
        add_batch();
    }
    await_call();
    sector = damage(2);
    CHECK(sector < writer.ring.end.sector);
    while (writer.ring.queued_batches > 1U) {
        acknowledge();
        CHECK(writer.acknowledged_rows < 10U);
        CHECK(poll_once() == IOTFLOW_OK);
    }
    CHECK(damaged_rows > 0U);
    CHECK((writer.acknowledged_rows + damaged_rows + writer.ring.queued_rows) == (writer.ring.next_sequence - 1U));
}

int main(void) {
    questions_with_rejected_answers_follow_pauses();
    an_acknowledgement_ends_the_pauses();
    a_key_of_the_application_ends_the_pauses();
    a_key_of_the_application_is_used_during_a_pause();
    without_another_key_the_door_stops();
    keys_have_their_form();
    a_batch_without_acknowledgement_is_sent_again_after_a_pause();
    an_acknowledgement_of_what_was_not_sent_removes_nothing();
    an_answer_that_comes_early_acknowledges_nothing();
    an_acknowledgement_with_too_many_rejections_counts();
    an_answer_of_a_stranger_is_no_reason_to_give_up();
    pauses_of_the_server_are_bounded();
    a_persistent_queue_asks_whose_key_it_is();
    a_queue_of_another_device_is_kept();
    a_key_that_comes_during_the_question_is_asked_too();
    an_error_of_the_question_is_one_of_the_stream();
    damage_at_the_end_of_the_queue_is_skipped();
    damage_within_the_queue_is_skipped();
    return finish("grpc_web");
}
