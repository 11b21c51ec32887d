/* The MQTT door against a broker in memory that does what each test says. */
#include <string.h>

#include "check.h"
#include "iotflow/iotflow.h"

typedef struct {
    uint8_t to_client[4096];
    uint32_t from, to;
    uint8_t sent[8192];
    uint32_t size;
    uint32_t connections;
    bool broken;
    /** Bytes that one call of write takes. */
    uint32_t slice;
} broker;

static broker peer;
static iotflow_writer writer;
static iotflow_mqtt mqtt;
static iotflow_storage storage;
static uint8_t rows[512], queue[2048], receive_memory[256], send_memory[192];
static iotflow_handled handled[4];
static uint32_t now;
static uint32_t commands_run, registered_id, interruptions, last_delay, configurations, asked, damaged_rows;
static const char *next_key;
static char rejected_for[32];
/* The storage of the queue outlives a restart; it cannot be read now. */
static bool persistent, unreadable;
static uint32_t send_size = sizeof send_memory;
static const char *registration;
static iotflow_outcome outcome;
static const char *result_of_command;

static iotflow_status broker_connect(void *context, int begin) {
    broker *to = (broker *)context;
    if (begin != 0) {
        to->connections++;
        to->from = 0;
        to->to = 0;
        to->size = 0;
        to->broken = false;
        return IOTFLOW_AGAIN;
    }
    return IOTFLOW_OK;
}

static int32_t broker_read(void *context, uint8_t *data, uint32_t size) {
    broker *from = (broker *)context;
    uint32_t part = from->to - from->from;
    if (from->broken) {
        return -1;
    }
    part = (part < size) ? part : size;
    (void)memcpy(data, from->to_client + from->from, part);
    from->from += part;
    return (int32_t)part;
}

static int32_t broker_write(void *context, const uint8_t *data, uint32_t size) {
    broker *to = (broker *)context;
    const uint32_t part = (size < to->slice) ? size : to->slice;
    CHECK((to->size + part) <= sizeof to->sent);
    (void)memcpy(to->sent + to->size, data, part);
    to->size += part;
    return (int32_t)part;
}

static iotflow_transport transport = {broker_connect, broker_read, broker_write, &peer};

static void answer(const void *bytes, uint32_t size) {
    (void)memcpy(peer.to_client + peer.to, bytes, size);
    peer.to += size;
}

/* id 0: with QoS 0. */
static void publish(const char *topic, uint16_t id, const char *payload) {
    uint8_t memory[512];
    iotflow_packet packet;
    packet.memory = memory;
    packet.size = sizeof memory;
    packet.used = 0;
    iotflow_packet_begin(&packet, (id == 0U) ? 0x30 : 0x32);
    iotflow_packet_text(&packet, topic);
    if (id != 0U) {
        iotflow_packet_short(&packet, id);
    }
    iotflow_packet_chars(&packet, payload);
    CHECK(iotflow_packet_end(&packet, 0) == IOTFLOW_OK);
    answer(memory, packet.used);
}

/* Number of packets of a type that the client has sent on this connection; the last of them in last. */
static uint32_t sent_packets(uint8_t type, iotflow_packet_reader *last) {
    static uint8_t body[1024];
    uint32_t count = 0;
    uint32_t i;
    iotflow_packet_reader reader;
    reader.body = body;
    reader.size = sizeof body;
    iotflow_packet_reader_begin(&reader);
    for (i = 0; i < peer.size; i++) {
        if (iotflow_packet_reader_take(&reader, peer.sent[i]) == IOTFLOW_OK) {
            if ((reader.first >> 4) == type) {
                count++;
                *last = reader;
                last->body = body;
                if (type != IOTFLOW_PUBACK) {
                    last->size = reader.length;
                }
            }
            iotflow_packet_reader_begin(&reader);
        }
    }
    return count;
}

static bool was_sent(const char *text) {
    const size_t size = strlen(text);
    uint32_t i;
    for (i = 0; (i + size) <= peer.size; i++) {
        if (memcmp(peer.sent + i, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static iotflow_status poll_for(uint32_t milliseconds) {
    iotflow_status status = IOTFLOW_OK;
    uint32_t i;
    for (i = 0; i <= milliseconds; i++) {
        status = iotflow_mqtt_poll(&mqtt, now);
        now++;
    }
    return status;
}

static iotflow_outcome run_command(void *context, const iotflow_command *command, char *result, uint32_t size) {
    (void)context;
    commands_run++;
    CHECK(size > strlen(result_of_command));
    CHECK(strcmp(command->name, "blink") == 0);
    (void)strcpy(result, result_of_command);
    return outcome;
}

static void note_registered(void *context, uint32_t device_id, const char *api_key) {
    (void)context;
    registered_id = device_id;
    CHECK(strcmp(api_key, "secret") == 0);
}

static void note_config(void *context, uint64_t version, iotflow_span desired) {
    (void)context;
    CHECK((version > 0U) && (desired.size > 0U));
    configurations++;
}

static const char *give_key(void *context) {
    (void)context;
    asked++;
    return next_key;
}

static void note_dropped(void *context, uint32_t number, iotflow_drop reason) {
    (void)context;
    CHECK(reason == IOTFLOW_DROPPED_DAMAGED);
    damaged_rows += number;
}

static void note_rejected(void *context, const iotflow_rejection *rejection) {
    (void)context;
    (void)snprintf(rejected_for, sizeof rejected_for, "%s", rejection->reason);
}

static int read_queue(void *context, uint32_t offset, void *data, uint32_t size) {
    (void)memcpy(data, (const uint8_t *)context + offset, size);
    return unreadable ? -1 : 0;
}

static void note_interrupted(void *context, iotflow_status status, uint32_t delay_ms) {
    (void)context;
    (void)status;
    CHECK((delay_ms >= 100U) && (delay_ms <= 30000U));
    last_delay = delay_ms;
    interruptions++;
}

static void prepare(const char *key) {
    static const iotflow_column column = {"level", IOTFLOW_DOUBLE};
    iotflow_writer_options writing;
    iotflow_mqtt_options options;
    (void)memset(&peer, 0, sizeof peer);
    (void)memset(&writing, 0, sizeof writing);
    (void)memset(&options, 0, sizeof options);
    (void)memset(handled, 0, sizeof handled);
    peer.slice = 7;
    now = UINT32_MAX - 500U;
    commands_run = 0;
    registered_id = 0;
    interruptions = 0;
    configurations = 0;
    asked = 0;
    damaged_rows = 0;
    unreadable = false;
    next_key = NULL;
    outcome = IOTFLOW_COMMAND_SUCCEEDED;
    result_of_command = "{\"on\":1}";
    writing.columns = &column;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.rows = 2;
    writing.dropped = note_dropped;
    writing.rejected = note_rejected;
    options.device_id = 5;
    options.api_key = key;
    options.name = "porch";
    options.receive_memory = receive_memory;
    options.receive_size = sizeof receive_memory;
    options.send_memory = send_memory;
    options.send_size = send_size;
    options.registration = registration;
    options.window = 3;
    options.handled = handled;
    options.handled_count = 4;
    options.command = run_command;
    options.config = note_config;
    options.registered = note_registered;
    options.credential = give_key;
    options.interrupted = note_interrupted;
    (void)memset(queue, 0xff, sizeof queue);
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    storage.read = read_queue;
    storage.persistent = persistent;
    CHECK(iotflow_writer_open(&writer, &writing, &storage) == IOTFLOW_OK);
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_OK);
}

static void greet(void) {
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x20\x02\x00\x00", 4);
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x90\x04\x80\x00\x01\x01", 6);
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK(mqtt.state == IOTFLOW_MQTT_READY);
}

static void add(uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        const iotflow_value value = iotflow_double(1);
        CHECK(iotflow_writer_add(&writer, now, 1000 + (int64_t)i, &value) == IOTFLOW_OK);
    }
}

static void acknowledge(uint32_t sequence) {
    const uint8_t puback[] = {0x40, 0x02, 0, (uint8_t)(sequence + 1U)};
    answer(puback, sizeof puback);
    CHECK(poll_for(200) == IOTFLOW_OK);
}

static uint32_t batches_sent(void) {
    iotflow_packet_reader last;
    /* One of the publications is the status. */
    return sent_packets(IOTFLOW_PUBLISH, &last) - 1U;
}

static void batches_wait_for_their_acknowledgement(void) {
    prepare("secret");
    add(10);
    greet();
    CHECK(was_sent("iotflow/devices/5/status/offline") && was_sent("iotflow/devices/5/status/online"));
    CHECK(batches_sent() == 1U);
    acknowledge(1);
    CHECK(batches_sent() == 4U);
    CHECK(writer.acknowledged_rows == 2U);
    /* An acknowledgement that comes early counts when those before it have come. */
    acknowledge(3);
    CHECK(writer.acknowledged_rows == 2U);
    acknowledge(2);
    CHECK(writer.acknowledged_rows == 6U);
    acknowledge(4);
    acknowledge(5);
    CHECK(iotflow_writer_is_empty(&writer));
}

static void batches_are_sent_again_after_a_break(void) {
    prepare("secret");
    add(6);
    greet();
    acknowledge(1);
    CHECK(batches_sent() == 3U);
    peer.broken = true;
    CHECK(poll_for(300) == IOTFLOW_OK);
    CHECK((interruptions == 1U) && (peer.connections == 2U));
    greet();
    CHECK(batches_sent() == 1U);
    acknowledge(2);
    acknowledge(3);
    CHECK(iotflow_writer_is_empty(&writer));
    CHECK(writer.acknowledged_rows == 6U);
}

static void quiet_connections_are_watched(void) {
    iotflow_packet_reader last;
    prepare("secret");
    greet();
    CHECK(poll_for(30100) == IOTFLOW_OK);
    CHECK(sent_packets(IOTFLOW_PINGREQ, &last) == 1U);
    answer("\xd0\x00", 2);
    CHECK(poll_for(20000) == IOTFLOW_OK);
    CHECK(interruptions == 0U);
    CHECK(poll_for(20300) == IOTFLOW_OK);
    CHECK(interruptions == 1U);
}

static void publishing_hides_no_vanished_peer(void) {
    iotflow_packet_reader last;
    uint32_t i;
    prepare("secret");
    greet();
    for (i = 0; i < 3U; i++) {
        CHECK(iotflow_mqtt_publish(&mqtt, "status/heartbeat", "") == IOTFLOW_OK);
        CHECK(poll_for(13000) == IOTFLOW_OK);
    }
    CHECK((sent_packets(IOTFLOW_PINGREQ, &last) == 1U) && (interruptions == 0U));
    CHECK(poll_for(2000) == IOTFLOW_OK);
    CHECK(interruptions == 1U);
}

static void a_peer_that_takes_nothing_is_left(void) {
    prepare("secret");
    greet();
    peer.slice = 0;
    add(2);
    CHECK(poll_for(39500) == IOTFLOW_OK);
    CHECK(interruptions == 0U);
    CHECK(poll_for(1000) == IOTFLOW_OK);
    CHECK(interruptions == 1U);
}

static void messages_of_the_broker_put_off_no_ping(void) {
    iotflow_packet_reader last;
    prepare("secret");
    greet();
    CHECK(poll_for(20000) == IOTFLOW_OK);
    publish("iotflow/devices/5/config", 0, "{}");
    CHECK(poll_for(9000) == IOTFLOW_OK);
    CHECK(sent_packets(IOTFLOW_PINGREQ, &last) == 0U);
    /* The broker disconnects clients that send nothing, and a message with QoS 0 is not acknowledged. */
    CHECK(poll_for(2000) == IOTFLOW_OK);
    CHECK(sent_packets(IOTFLOW_PINGREQ, &last) == 1U);
    answer("\xd0\x00", 2);
    CHECK(poll_for(15000) == IOTFLOW_OK);
    CHECK(interruptions == 0U);
}

static void attempts_to_connect_end(void) {
    prepare("secret");
    CHECK(poll_for(9900) == IOTFLOW_OK);
    CHECK((interruptions == 0U) && (peer.connections == 1U));
    CHECK(poll_for(400) == IOTFLOW_OK);
    CHECK((interruptions == 1U) && (peer.connections == 2U));
}

static void rejected_key_stops(void) {
    prepare("old");
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x20\x02\x00\x05", 4);
    CHECK(poll_for(50) == IOTFLOW_UNAUTHENTICATED);
    CHECK(poll_for(60000) == IOTFLOW_UNAUTHENTICATED);
    CHECK(peer.connections == 1U);
    CHECK(iotflow_mqtt_use_key(&mqtt, "new") == IOTFLOW_OK);
    greet();
    CHECK(was_sent("new"));
    peer.broken = true;
    next_key = "third";
    CHECK(poll_for(300) == IOTFLOW_OK);
    answer("\x20\x02\x00\x05", 4);
    CHECK(poll_for(50) == IOTFLOW_OK);
    greet();
    CHECK(was_sent("third"));
}

/* The broker rejects the key, and the next question follows a pause of at most so many milliseconds. */
static void expect_question(uint32_t longest) {
    const uint32_t before = asked;
    uint32_t since;
    CHECK(poll_for(5) == IOTFLOW_OK);
    CHECK(mqtt.state == IOTFLOW_MQTT_GREETING);
    answer("\x20\x02\x00\x05", 4);
    since = now;
    while ((asked == before) && ((now - since) <= longest)) {
        CHECK(poll_for(0) == IOTFLOW_OK);
    }
    CHECK((asked == (before + 1U)) && ((now - since) >= (longest / 2U)));
}

static void questions_with_rejected_answers_follow_pauses(void) {
    prepare("old");
    next_key = "wrong";
    expect_question(5);
    expect_question(205);
    expect_question(405);
    expect_question(805);
    /* A key that the broker accepts ends the pauses. */
    next_key = "right";
    expect_question(1605);
    greet();
    CHECK(was_sent("right"));
    peer.broken = true;
    CHECK(poll_for(2 * 1605) == IOTFLOW_OK);
    expect_question(5);
    expect_question(205);
}

static void a_key_of_the_application_is_used_during_a_pause(void) {
    prepare("old");
    next_key = "wrong";
    expect_question(5);
    CHECK(poll_for(5) == IOTFLOW_OK);
    answer("\x20\x02\x00\x05", 4);
    CHECK(poll_for(5) == IOTFLOW_OK);
    CHECK(mqtt.key_wanted);
    CHECK(iotflow_mqtt_use_key(&mqtt, "rotated") == IOTFLOW_OK);
    greet();
    CHECK((asked == 1U) && was_sent("rotated"));
}

static void keys_have_their_form(void) {
    static const char *const others[] = {"", "key\n", "two words", "k\xc3\xa9y"};
    char longest[IOTFLOW_LONGEST_TOKEN + 2];
    iotflow_mqtt_options options;
    size_t i;
    (void)memset(longest, 'k', sizeof longest);
    longest[IOTFLOW_LONGEST_KEY + 1] = '\0';
    prepare("old");
    CHECK(iotflow_mqtt_use_key(&mqtt, longest) == IOTFLOW_INVALID_ARGUMENT);
    CHECK(iotflow_mqtt_use_key(&mqtt, longest + 1) == IOTFLOW_OK);
    longest[IOTFLOW_LONGEST_KEY + 1] = 'k';
    longest[IOTFLOW_LONGEST_TOKEN + 1] = '\0';
    options = mqtt.options;
    options.token = longest;
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_INVALID_ARGUMENT);
    options.token = longest + 1;
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_OK);
    for (i = 0; i < (sizeof others / sizeof *others); i++) {
        prepare("old");
        options = mqtt.options;
        CHECK(iotflow_mqtt_use_key(&mqtt, others[i]) == IOTFLOW_INVALID_ARGUMENT);
        next_key = others[i];
        CHECK(poll_for(50) == IOTFLOW_OK);
        CHECK(was_sent("old"));
        answer("\x20\x02\x00\x05", 4);
        CHECK(poll_for(50) == IOTFLOW_INVALID_ARGUMENT);
        options.token = others[i];
        CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_INVALID_ARGUMENT);
        options.token = NULL;
        options.api_key = others[i];
        CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_INVALID_ARGUMENT);
    }
}

static void no_handler_is_asked_to_register(void) {
    prepare(NULL);
    next_key = "key";
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x20\x02\x00\x05", 4);
    CHECK(poll_for(50) == IOTFLOW_UNAUTHENTICATED);
    CHECK(asked == 0U);
}

/* The queue was filled by device 5, and what is left of it is opened with the key of another one. */
static void a_queue_of_another_device_is_kept(void) {
    iotflow_mqtt_options options;
    persistent = true;
    prepare("secret");
    add(4);
    greet();
    acknowledge(1);
    CHECK(writer.ring.device == 5U);
    options = mqtt.options;
    options.device_id = 6;
    CHECK(iotflow_ring_open(&writer.ring, &storage) == IOTFLOW_OK);
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_OK);
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x20\x02\x00\x00\x90\x04\x80\x00\x01\x01", 10);
    CHECK(poll_for(50) == IOTFLOW_QUEUE_OF_ANOTHER_DEVICE);
    CHECK((writer.ring.device == 5U) && (mqtt.device_id == 6U) && (writer.ring.queued_batches == 1U));
    CHECK(!was_sent("telemetry/batch"));
    options.device_id = 5;
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_OK);
    greet();
    acknowledge(2);
    CHECK(iotflow_writer_is_empty(&writer));
    /* An empty queue goes over to another device. */
    options.device_id = 6;
    CHECK(iotflow_ring_open(&writer.ring, &storage) == IOTFLOW_OK);
    CHECK(iotflow_mqtt_open(&mqtt, &writer, &transport, &options) == IOTFLOW_OK);
    add(2);
    greet();
    acknowledge(3);
    CHECK((writer.ring.device == 6U) && iotflow_writer_is_empty(&writer));
    persistent = false;
}

/* What was added before the device had an id is of the device that registers. */
static void a_registered_device_claims_its_queue(void) {
    persistent = true;
    prepare(NULL);
    add(2);
    greet();
    publish("iotflow/discovery/response/porch", 1, "{\"device\":{\"id\":9,\"api_key\":\"secret\"}}");
    CHECK(poll_for(50) == IOTFLOW_OK);
    greet();
    CHECK(iotflow_ring_open(&writer.ring, &storage) == IOTFLOW_OK);
    CHECK((writer.ring.device == 9U) && (writer.ring.queued_batches == 1U));
    persistent = false;
}

/* Of five batches in one sector, the third is damaged while the first is on the way. */
static void damage_is_reported_and_skipped(void) {
    iotflow_place place;
    iotflow_record record;
    uint32_t i;
    prepare("secret");
    add(10);
    greet();
    place = writer.ring.begin;
    for (i = 0; i < 3U; i++) {
        CHECK(iotflow_ring_next(&writer.ring, &place, &record) == IOTFLOW_OK);
    }
    CHECK(place.sector == writer.ring.end.sector);
    queue[record.payload] ^= 1U;
    acknowledge(1);
    CHECK((batches_sent() == 2U) && (damaged_rows == 6U));
    /* What is added now is not written behind the damage. */
    add(2);
    CHECK(poll_for(50) == IOTFLOW_OK);
    acknowledge(2);
    acknowledge(6);
    CHECK(iotflow_writer_is_empty(&writer) && (writer.acknowledged_rows == 6U) && (damaged_rows == 6U));
}

/* Nothing is lost by it. */
static void storage_that_cannot_be_read_interrupts(void) {
    prepare("secret");
    add(4);
    CHECK(poll_for(50) == IOTFLOW_OK);
    unreadable = true;
    answer("\x20\x02\x00\x00\x90\x04\x80\x00\x01\x01", 10);
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK((interruptions == 1U) && (damaged_rows == 0U));
    unreadable = false;
    CHECK(poll_for(300) == IOTFLOW_OK);
    greet();
    acknowledge(1);
    acknowledge(2);
    CHECK(iotflow_writer_is_empty(&writer) && (writer.acknowledged_rows == 4U));
}

/* Also a device that only takes commands connects again without a long pause. */
static void an_event_ends_the_pauses_between_attempts(void) {
    uint32_t i;
    prepare("secret");
    for (i = 0; i < 10U; i++) {
        greet();
        publish("iotflow/devices/5/config", 3, "{\"version\":1,\"desired\":{}}");
        CHECK(poll_for(50) == IOTFLOW_OK);
        peer.broken = true;
        CHECK(poll_for(200) == IOTFLOW_OK);
        CHECK(last_delay <= 200U);
    }
    CHECK(interruptions == 10U);
}

static void registers(void) {
    prepare(NULL);
    add(2);
    greet();
    CHECK(was_sent("iotflow/discovery/register/porch") && was_sent("iotflow/discovery/response/porch"));
    publish("iotflow/discovery/response/porch", 1, "{\"device\":{\"id\":9,\"api_key\":\"secret\"}}");
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK((registered_id == 9U) && (peer.connections == 2U));
    greet();
    CHECK(was_sent("iotflow/devices/9/telemetry/batch"));
}

static void rejected_registration_stops(void) {
    prepare(NULL);
    greet();
    publish("iotflow/discovery/response/porch", 1, "{\"status\":\"error\",\"reason\":\"NAME_TAKEN\",\"retryable\":false}");
    CHECK(poll_for(50) == IOTFLOW_REJECTED);
    CHECK((strcmp(rejected_for, "NAME_TAKEN") == 0) && (writer.rejected_values == 0U));
}

static void commands_are_run_once(void) {
    static const char command[] = "{\"id\":1,\"command_id\":71,\"name\":\"blink\",\"parameters\":{\"times\":3}}";
    iotflow_packet_reader last;
    prepare("secret");
    greet();
    publish("iotflow/devices/5/commands", 8, command);
    CHECK(poll_for(100) == IOTFLOW_OK);
    CHECK(was_sent("{\"command_id\":71,\"state\":\"succeeded\",\"result\":{\"on\":1}}"));
    CHECK(sent_packets(IOTFLOW_PUBACK, &last) == 1U);
    publish("iotflow/devices/5/commands", 9, command);
    CHECK(poll_for(100) == IOTFLOW_OK);
    CHECK((commands_run == 1U) && (sent_packets(IOTFLOW_PUBACK, &last) == 2U));
    CHECK(sent_packets(IOTFLOW_PUBLISH, &last) == 3U);
}

static void commands_fail_or_answer_later(void) {
    iotflow_packet_reader last;
    prepare("secret");
    greet();
    outcome = IOTFLOW_COMMAND_FAILED;
    result_of_command = "no \"lamp\"";
    publish("iotflow/devices/5/commands", 8, "{\"command_id\":1,\"name\":\"blink\"}");
    CHECK(poll_for(100) == IOTFLOW_OK);
    CHECK(was_sent("{\"command_id\":1,\"state\":\"failed\",\"result\":{\"error\":\"no \\\"lamp\\\"\"}}"));
    outcome = IOTFLOW_COMMAND_LATER;
    publish("iotflow/devices/5/commands", 9, "{\"command_id\":2,\"name\":\"blink\"}");
    CHECK(poll_for(100) == IOTFLOW_OK);
    CHECK(sent_packets(IOTFLOW_PUBACK, &last) == 1U);
    CHECK(iotflow_mqtt_answer(&mqtt, 3, IOTFLOW_COMMAND_SUCCEEDED, "") == IOTFLOW_INVALID_ARGUMENT);
    CHECK(iotflow_mqtt_answer(&mqtt, 2, IOTFLOW_COMMAND_SUCCEEDED, "") == IOTFLOW_OK);
    CHECK(poll_for(100) == IOTFLOW_OK);
    CHECK(was_sent("{\"command_id\":2,\"state\":\"succeeded\"}") && (sent_packets(IOTFLOW_PUBACK, &last) == 2U));
}

/* With the acknowledgement of its command, the packet of the result has 186 bytes. */
static void a_result_that_does_not_fit_fails(void) {
    static const char wide[] =
        "{\"text\":\"012345678901234567890123456789012345678901234567890123456789012345678901234567890123\"}";
    iotflow_packet_reader last;
    for (send_size = 128; send_size <= sizeof send_memory; send_size++) {
        const bool fits = send_size >= 186U;
        prepare("secret");
        greet();
        result_of_command = wide;
        publish("iotflow/devices/5/commands", 8, "{\"command_id\":71,\"name\":\"blink\"}");
        CHECK(poll_for(100) == IOTFLOW_OK);
        CHECK(was_sent("{\"command_id\":71,\"state\":\"succeeded\"") == fits);
        CHECK(was_sent("{\"command_id\":71,\"state\":\"failed\",\"result\":{\"error\":\"The result is too large.\"}}") ==
              !fits);
        result_of_command = "";
        publish("iotflow/devices/5/commands", 9, "{\"command_id\":72,\"name\":\"blink\"}");
        CHECK(poll_for(100) == IOTFLOW_OK);
        CHECK(was_sent("{\"command_id\":72,\"state\":\"succeeded\"}") && (sent_packets(IOTFLOW_PUBACK, &last) == 2U));
    }
    send_size = sizeof send_memory;
}

static void a_registration_that_does_not_fit_stops(void) {
    static const char wide[] =
        "{\"device_type\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"}";
    registration = wide;
    send_size = 128;
    prepare(NULL);
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x20\x02\x00\x00", 4);
    CHECK(poll_for(50) == IOTFLOW_OK);
    answer("\x90\x03\x80\x00\x01", 5);
    CHECK(poll_for(50) == IOTFLOW_TOO_LARGE);
    send_size = sizeof send_memory;
    registration = NULL;
}

static void each_configuration_comes_once(void) {
    static const char first[] = "{\"version\":1,\"desired\":{\"interval\":10}}";
    prepare("secret");
    greet();
    publish("iotflow/devices/5/config", 3, first);
    CHECK(poll_for(50) == IOTFLOW_OK);
    peer.broken = true;
    CHECK(poll_for(300) == IOTFLOW_OK);
    greet();
    publish("iotflow/devices/5/config", 3, first);
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK(configurations == 1U);
    publish("iotflow/devices/5/config", 4, "{\"version\":2,\"desired\":{\"interval\":20}}");
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK(configurations == 2U);
}

static void rejections_are_counted(void) {
    prepare("secret");
    greet();
    publish("iotflow/devices/5/errors", 3, "{\"reason\":\"TYPE_CONFLICT\",\"retryable\":false,\"field\":\"level\"}");
    CHECK(poll_for(50) == IOTFLOW_OK);
    CHECK((strcmp(rejected_for, "TYPE_CONFLICT") == 0) && (writer.rejected_values == 1U));
}

int main(void) {
    batches_wait_for_their_acknowledgement();
    batches_are_sent_again_after_a_break();
    quiet_connections_are_watched();
    publishing_hides_no_vanished_peer();
    a_peer_that_takes_nothing_is_left();
    messages_of_the_broker_put_off_no_ping();
    attempts_to_connect_end();
    rejected_key_stops();
    questions_with_rejected_answers_follow_pauses();
    a_key_of_the_application_is_used_during_a_pause();
    keys_have_their_form();
    no_handler_is_asked_to_register();
    a_queue_of_another_device_is_kept();
    a_registered_device_claims_its_queue();
    damage_is_reported_and_skipped();
    storage_that_cannot_be_read_interrupts();
    an_event_ends_the_pauses_between_attempts();
    registers();
    rejected_registration_stops();
    commands_are_run_once();
    commands_fail_or_answer_later();
    a_result_that_does_not_fit_fails();
    a_registration_that_does_not_fit_stops();
    each_configuration_comes_once();
    rejections_are_counted();
    return finish("mqtt");
}
