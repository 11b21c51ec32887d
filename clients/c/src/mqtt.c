#include "iotflow/mqtt.h"

#include <string.h>

#include "iotflow/json.h"
#include "iotflow/key.h"

enum {
    CONNECT_MS = 10000,
    QUIET_MS = 30000,
    PONG_MS = 10000,
    KEEPALIVE_SECONDS = 60,
    DEFAULT_WINDOW = 8,
    LARGEST_WINDOW = 32,
    /* Identifiers of packets: batches by their sequence, then those of the application, then subscriptions. */
    BATCH_IDS = 0x4000,
    SUBSCRIBE_ID = 0x8000,
    READ_CHUNK = 64,
    PUBACK_BYTES = 6,
    LEAST_SEND = 64,
    /* Bytes taken in one poll, so that a fast sender does not keep it from returning. */
    READ_LIMIT = 2048,
    /* Texts of rejections and names, with the zero. */
    WORD_BYTES = 101
};

static bool is_registering(const iotflow_mqtt *mqtt) { return mqtt->api_key[0] == '\0'; }

static void enter(iotflow_mqtt *mqtt, iotflow_mqtt_state state) {
    mqtt->state = state;
    mqtt->state_since = mqtt->now_ms;
}

static void stop(iotflow_mqtt *mqtt, iotflow_status status) {
    mqtt->stopped_by = status;
    enter(mqtt, IOTFLOW_MQTT_STOPPED);
}

static void reconnect(iotflow_mqtt *mqtt) {
    mqtt->pause_ms = 0;
    enter(mqtt, IOTFLOW_MQTT_PAUSED);
}

static void interrupt(iotflow_mqtt *mqtt, iotflow_status status) {
    mqtt->pause_ms = iotflow_backoff_next(&mqtt->backoff);
    if (mqtt->writer != NULL) {
        mqtt->writer->busy = false;
    }
    enter(mqtt, IOTFLOW_MQTT_PAUSED);
    if (mqtt->options.interrupted != NULL) {
        mqtt->options.interrupted(mqtt->options.context, status, mqtt->pause_ms);
    }
}

/* Topics. */

/* below: behind the topic of the device; of a device that registers itself, before its name. */
static void put_topic(iotflow_mqtt *mqtt, const char *below) {
    iotflow_packet *out = &mqtt->out;
    const uint32_t begin = iotflow_packet_text_begin(out);
    iotflow_packet_chars(out, mqtt->options.prefix);
    if (is_registering(mqtt)) {
        iotflow_packet_chars(out, below);
        iotflow_packet_chars(out, mqtt->options.name);
    } else {
        iotflow_packet_chars(out, "/devices/");
        iotflow_packet_number(out, mqtt->device_id);
        iotflow_packet_chars(out, "/");
        iotflow_packet_chars(out, below);
    }
    iotflow_packet_text_end(out, begin);
}

/* A string that ends with the number of the device. */
static void put_device(iotflow_mqtt *mqtt, const char *before) {
    const uint32_t begin = iotflow_packet_text_begin(&mqtt->out);
    iotflow_packet_chars(&mqtt->out, before);
    iotflow_packet_number(&mqtt->out, mqtt->device_id);
    iotflow_packet_text_end(&mqtt->out, begin);
}

/* Packets of the greeting. */

/* Without one of them, the connection would never be ready. */
static void end_greeting(iotflow_mqtt *mqtt) {
    if (iotflow_packet_end(&mqtt->out, 0) != IOTFLOW_OK) {
        stop(mqtt, IOTFLOW_TOO_LARGE);
    }
}

static uint8_t connect_flags(const iotflow_mqtt *mqtt) {
    if (!is_registering(mqtt)) {
        /* With a login, and the last will with QoS 1; a session that outlives the connection: commands wait at the broker. */
        return 0xcc;
    }
    return (mqtt->options.token != NULL) ? 0xc2 : 2;
}

static void send_connect(iotflow_mqtt *mqtt) {
    iotflow_packet *out = &mqtt->out;
    iotflow_packet_begin(out, IOTFLOW_CONNECT << 4);
    iotflow_packet_text(out, "MQTT");
    iotflow_packet_byte(out, 4);
    iotflow_packet_byte(out, connect_flags(mqtt));
    iotflow_packet_short(out, KEEPALIVE_SECONDS);
    if (is_registering(mqtt)) {
        iotflow_packet_text(out, mqtt->options.name);
        if (mqtt->options.token != NULL) {
            iotflow_packet_text(out, "iotflow/registrar");
            iotflow_packet_text(out, mqtt->options.token);
        }
    } else {
        put_device(mqtt, "device_");
        put_topic(mqtt, "status/offline");
        iotflow_packet_text(out, "");
        put_device(mqtt, "");
        iotflow_packet_text(out, mqtt->api_key);
    }
    end_greeting(mqtt);
}

static void put_filter(iotflow_mqtt *mqtt, const char *below) {
    put_topic(mqtt, below);
    iotflow_packet_byte(&mqtt->out, 1);
}

static void send_subscribe(iotflow_mqtt *mqtt) {
    iotflow_packet_begin(&mqtt->out, (IOTFLOW_SUBSCRIBE << 4) | 2);
    iotflow_packet_short(&mqtt->out, SUBSCRIBE_ID);
    if (is_registering(mqtt)) {
        put_filter(mqtt, "/discovery/response/");
    } else {
        put_filter(mqtt, "errors");
        if (mqtt->options.command != NULL) {
            put_filter(mqtt, "commands");
        }
        if (mqtt->options.config != NULL) {
            put_filter(mqtt, "config");
        }
    }
    end_greeting(mqtt);
}

static void begin_publish(iotflow_mqtt *mqtt, const char *below, uint32_t id) {
    iotflow_packet_begin(&mqtt->out, (IOTFLOW_PUBLISH << 4) | 2);
    put_topic(mqtt, below);
    iotflow_packet_short(&mqtt->out, id);
}

static uint32_t next_id(iotflow_mqtt *mqtt) {
    mqtt->publish_id = (uint16_t)((mqtt->publish_id + 1U) & ((uint32_t)BATCH_IDS - 1U));
    return (uint32_t)BATCH_IDS + 1U + mqtt->publish_id;
}

static void put_publish(iotflow_mqtt *mqtt, const char *below, const char *payload) {
    begin_publish(mqtt, below, next_id(mqtt));
    iotflow_packet_chars(&mqtt->out, payload);
}

/* Batches. */

static bool is_out_empty(const iotflow_mqtt *mqtt) { return (mqtt->out.used == 0U) && (mqtt->payload_left == 0U); }

static bool is_before(iotflow_place one, iotflow_place other) {
    return (one.sector < other.sector) || ((one.sector == other.sector) && (one.offset < other.offset));
}

static uint32_t batch_id(uint32_t sequence) { return 1U + (sequence % (uint32_t)BATCH_IDS); }

static void send_batch(iotflow_mqtt *mqtt) {
    iotflow_record record;
    iotflow_status status;
    if ((mqtt->writer == NULL) || (mqtt->on_way >= mqtt->window) || is_registering(mqtt)) {
        return;
    }
    if (!iotflow_ring_claim(&mqtt->writer->ring, mqtt->device_id)) {
        stop(mqtt, IOTFLOW_QUEUE_OF_ANOTHER_DEVICE);
        return;
    }
    if (is_before(mqtt->next, mqtt->writer->ring.begin)) {
        mqtt->next = mqtt->writer->ring.begin;
    }
    status = iotflow_writer_next(mqtt->writer, &mqtt->next, mqtt->on_way, &record);
    if (status == IOTFLOW_IO_ERROR) {
        interrupt(mqtt, status);
    }
    if (status != IOTFLOW_OK) {
        return;
    }
    /* After dropped batches the window begins anew: their acknowledgements are ignored. */
    if (record.sequence != (mqtt->first_on_way + mqtt->on_way)) {
        mqtt->on_way = 0;
        mqtt->first_on_way = record.sequence;
        mqtt->acknowledged_mask = 0;
    }
    mqtt->on_way++;
    begin_publish(mqtt, "telemetry/batch", batch_id(record.sequence));
    if (iotflow_packet_end(&mqtt->out, record.size) == IOTFLOW_OK) {
        mqtt->payload_at = record.payload;
        mqtt->payload_left = record.size;
        mqtt->writer->busy = true;
    }
}

static void take_puback(iotflow_mqtt *mqtt, uint32_t id) {
    const uint32_t place = (id - batch_id(mqtt->first_on_way)) & ((uint32_t)BATCH_IDS - 1U);
    if (((id - 1U) < (uint32_t)BATCH_IDS) && (place < mqtt->on_way)) {
        mqtt->acknowledged_mask |= (uint32_t)1U << place;
    }
    while ((mqtt->on_way > 0U) && ((mqtt->acknowledged_mask & 1U) != 0U)) {
        (void)iotflow_writer_acknowledge(mqtt->writer, mqtt->first_on_way);
        mqtt->acknowledged_mask >>= 1;
        mqtt->first_on_way++;
        mqtt->on_way--;
        mqtt->window = mqtt->options.window;
        iotflow_backoff_reset(&mqtt->backoff);
    }
}

/* Messages that arrive. */

static bool find_number(iotflow_span object, const char *name, uint64_t *number) {
    iotflow_span value;
    return iotflow_json_find(object, name, &value) && iotflow_json_number(value, number);
}

static bool is_retryable(iotflow_span error) {
    iotflow_span value;
    return iotflow_json_find(error, "retryable", &value) && (value.data[0] == (uint8_t)'t');
}

static void copy_member(iotflow_span object, const char *name, char *text, uint32_t size) {
    iotflow_span value;
    text[0] = '\0';
    if (iotflow_json_find(object, name, &value)) {
        (void)iotflow_json_text(value, text, size);
    }
}

/* Tells the application. Returns whether another attempt may succeed. */
static bool take_error(iotflow_mqtt *mqtt, iotflow_span error) {
    char reason[WORD_BYTES];
    char message[WORD_BYTES];
    char field[WORD_BYTES];
    iotflow_rejection rejection;
    (void)memset(&rejection, 0, sizeof rejection);
    rejection.retryable = is_retryable(error);
    if (mqtt->writer == NULL) {
        return rejection.retryable;
    }
    copy_member(error, "reason", reason, sizeof reason);
    copy_member(error, "message", message, sizeof message);
    copy_member(error, "field", field, sizeof field);
    rejection.count = is_registering(mqtt) ? 0U : 1U;
    rejection.measurement = field;
    rejection.reason = reason;
    rejection.message = message;
    iotflow_writer_reject(mqtt->writer, &rejection);
    return rejection.retryable;
}

static void take_registration(iotflow_mqtt *mqtt, iotflow_span answer) {
    iotflow_span device = answer;
    uint64_t id = 0;
    (void)iotflow_json_find(answer, "device", &device);
    if (find_number(device, "id", &id) && (id <= INT32_MAX)) {
        copy_member(device, "api_key", mqtt->api_key, sizeof mqtt->api_key);
    }
    if (!is_registering(mqtt)) {
        mqtt->device_id = (uint32_t)id;
        if (mqtt->options.registered != NULL) {
            mqtt->options.registered(mqtt->options.context, mqtt->device_id, mqtt->api_key);
        }
        reconnect(mqtt);
        return;
    }
    if (take_error(mqtt, answer)) {
        interrupt(mqtt, IOTFLOW_AGAIN);
    } else {
        stop(mqtt, IOTFLOW_REJECTED);
    }
}

/* What is between the quotes. */
static void put_json_text(iotflow_packet *out, const char *text) {
    for (; *text != '\0'; text++) {
        if ((*text == '"') || (*text == '\\')) {
            iotflow_packet_byte(out, (uint8_t)'\\');
        }
        iotflow_packet_byte(out, ((uint8_t)*text < 32U) ? 32U : (uint8_t)*text);
    }
}

static void send_puback(iotflow_mqtt *mqtt, uint32_t id) {
    if (id != 0U) {
        iotflow_packet_begin(&mqtt->out, IOTFLOW_PUBACK << 4);
        iotflow_packet_short(&mqtt->out, id);
        (void)iotflow_packet_end(&mqtt->out, 0);
    }
}

/* failure: why there is no result, or null. */
static iotflow_status put_result(iotflow_mqtt *mqtt, const iotflow_handled *handled, const char *failure) {
    iotflow_packet *out = &mqtt->out;
    begin_publish(mqtt, "commands/ack", next_id(mqtt));
    iotflow_packet_chars(out, "{\"command_id\":");
    iotflow_packet_number(out, handled->id);
    if (failure != NULL) {
        iotflow_packet_chars(out, ",\"state\":\"failed\",\"result\":{\"error\":\"");
        put_json_text(out, failure);
        iotflow_packet_chars(out, "\"}}");
    } else {
        iotflow_packet_chars(out, ",\"state\":\"succeeded\"");
        iotflow_packet_chars(out, (handled->result[0] != '\0') ? ",\"result\":" : "");
        iotflow_packet_chars(out, handled->result);
        iotflow_packet_chars(out, "}");
    }
    return iotflow_packet_end(out, 0);
}

/*
 * The result goes before the acknowledgement of the command: if the connection ends between them, the command comes again.
 * Where it does not fit, the command fails, because it would stay open without an answer.
 */
static iotflow_status send_result(iotflow_mqtt *mqtt, const iotflow_handled *handled) {
    const bool succeeded = handled->outcome == (uint8_t)IOTFLOW_COMMAND_SUCCEEDED;
    iotflow_status status;
    mqtt->out.size -= (uint32_t)PUBACK_BYTES;
    status = put_result(mqtt, handled, succeeded ? NULL : handled->result);
    if (status != IOTFLOW_OK) {
        status = put_result(mqtt, handled, "The result is too large.");
    }
    mqtt->out.size += (uint32_t)PUBACK_BYTES;
    send_puback(mqtt, handled->packet);
    return status;
}

static void take_command(iotflow_mqtt *mqtt, const iotflow_message *message) {
    char name[WORD_BYTES];
    iotflow_command command;
    iotflow_handled *handled;
    if ((mqtt->commands.count == 0U) || !find_number(message->payload, "command_id", &command.id)) {
        send_puback(mqtt, message->id);
        return;
    }
    handled = iotflow_commands_find(&mqtt->commands, command.id);
    if (handled == NULL) {
        handled = iotflow_commands_add(&mqtt->commands, command.id);
        copy_member(message->payload, "name", name, sizeof name);
        command.name = name;
        command.parameters.data = (const uint8_t *)"{}";
        command.parameters.size = 2;
        (void)iotflow_json_find(message->payload, "parameters", &command.parameters);
        handled->outcome =
            (uint8_t)mqtt->options.command(mqtt->options.context, &command, handled->result, sizeof handled->result);
    }
    handled->packet = message->id;
    if (handled->outcome != (uint8_t)IOTFLOW_COMMAND_LATER) {
        (void)send_result(mqtt, handled);
    }
}

static void take_config(iotflow_mqtt *mqtt, iotflow_span payload) {
    iotflow_span value;
    uint64_t version;
    /* The broker repeats the retained one after each connection. */
    if ((mqtt->options.config != NULL) && find_number(payload, "version", &version) && (version != mqtt->config_version) &&
        iotflow_json_find(payload, "desired", &value)) {
        mqtt->config_version = version;
        mqtt->options.config(mqtt->options.context, version, value);
    }
}

static void take_message(iotflow_mqtt *mqtt, const iotflow_message *message) {
    if (message->cut) {
        send_puback(mqtt, message->id);
        return;
    }
    if (is_registering(mqtt)) {
        take_registration(mqtt, message->payload);
        return;
    }
    iotflow_backoff_reset(&mqtt->backoff);
    if (iotflow_ends_with(message->topic, "/commands") && (mqtt->options.command != NULL)) {
        take_command(mqtt, message);
    } else {
        if (iotflow_ends_with(message->topic, "/errors")) {
            (void)take_error(mqtt, message->payload);
        } else if (iotflow_ends_with(message->topic, "/config")) {
            take_config(mqtt, message->payload);
        } else {
            /* No topic of this client. */
        }
        send_puback(mqtt, message->id);
    }
}

static void ask_for_key(iotflow_mqtt *mqtt) {
    const bool asks = !is_registering(mqtt) && (mqtt->options.credential != NULL);
    const char *key = asks ? mqtt->options.credential(mqtt->options.context) : NULL;
    const iotflow_status status = (key == NULL) ? IOTFLOW_UNAUTHENTICATED : iotflow_mqtt_use_key(mqtt, key);
    mqtt->key_unproven = true;
    if (status != IOTFLOW_OK) {
        stop(mqtt, status);
    }
}

/* The question follows at once, or after a pause where the rejected key is an answer itself. */
static void want_key(iotflow_mqtt *mqtt) {
    reconnect(mqtt);
    mqtt->key_wanted = true;
    if (mqtt->key_unproven) {
        mqtt->pause_ms = iotflow_backoff_next(&mqtt->backoff);
    } else {
        iotflow_backoff_reset(&mqtt->backoff);
    }
}

static void take_connack(iotflow_mqtt *mqtt) {
    const uint8_t code = (mqtt->reader.length >= 2U) ? mqtt->reader.body[1] : 255U;
    if (code == 0U) {
        mqtt->key_unproven = false;
        enter(mqtt, IOTFLOW_MQTT_SUBSCRIBING);
        send_subscribe(mqtt);
    } else if ((code == 4U) || (code == 5U)) {
        want_key(mqtt);
    } else {
        interrupt(mqtt, (code == 3U) ? IOTFLOW_AGAIN : IOTFLOW_PROTOCOL_ERROR);
    }
}

static void take_suback(iotflow_mqtt *mqtt) {
    enter(mqtt, IOTFLOW_MQTT_READY);
    if (is_registering(mqtt)) {
        put_publish(mqtt, "/discovery/register/", (mqtt->options.registration != NULL) ? mqtt->options.registration : "{}");
    } else {
        put_publish(mqtt, "status/online", "");
    }
    end_greeting(mqtt);
}

static void take_packet(iotflow_mqtt *mqtt) {
    const iotflow_packet_reader *reader = &mqtt->reader;
    iotflow_message message;
    switch (reader->first >> 4) {
        case IOTFLOW_CONNACK:
            if (mqtt->state == IOTFLOW_MQTT_GREETING) {
                take_connack(mqtt);
            }
            break;
        case IOTFLOW_SUBACK:
            if (mqtt->state == IOTFLOW_MQTT_SUBSCRIBING) {
                take_suback(mqtt);
            }
            break;
        case IOTFLOW_PUBACK:
            if (reader->length >= 2U) {
                take_puback(mqtt, ((uint32_t)reader->body[0] << 8) | reader->body[1]);
            }
            break;
        case IOTFLOW_PUBLISH:
            if (iotflow_packet_message(reader, &message)) {
                take_message(mqtt, &message);
            }
            break;
        default:
            break;
    }
}

/* The transport. */

static bool is_open(const iotflow_mqtt *mqtt) {
    return (mqtt->state == IOTFLOW_MQTT_GREETING) || (mqtt->state == IOTFLOW_MQTT_SUBSCRIBING) ||
           (mqtt->state == IOTFLOW_MQTT_READY);
}

/* Refills the memory for packets with the next part of a batch. */
static void fill(iotflow_mqtt *mqtt) {
    const iotflow_storage *storage = mqtt->writer->ring.storage;
    const uint32_t part = (mqtt->payload_left < mqtt->out.size) ? mqtt->payload_left : mqtt->out.size;
    if (storage->read(storage->context, mqtt->payload_at, mqtt->out.memory, part) != 0) {
        interrupt(mqtt, IOTFLOW_IO_ERROR);
        return;
    }
    mqtt->out.used = part;
    mqtt->payload_at += part;
    mqtt->payload_left -= part;
}

/* Sends what is ready. True: all of it is sent. */
static bool flush(iotflow_mqtt *mqtt) {
    while (is_open(mqtt) && !is_out_empty(mqtt)) {
        int32_t taken;
        if (mqtt->out.used == 0U) {
            fill(mqtt);
            continue;
        }
        taken = mqtt->transport->write(mqtt->transport->context, mqtt->out.memory + mqtt->out_sent,
                                       mqtt->out.used - mqtt->out_sent);
        if (taken < 0) {
            interrupt(mqtt, IOTFLOW_IO_ERROR);
            return false;
        }
        if (taken == 0) {
            return false;
        }
        mqtt->sent_at = mqtt->now_ms;
        mqtt->out_sent += (uint32_t)taken;
        if (mqtt->out_sent == mqtt->out.used) {
            mqtt->out_sent = 0;
            mqtt->out.used = 0;
        }
    }
    if (mqtt->writer != NULL) {
        mqtt->writer->busy = false;
    }
    return is_open(mqtt);
}

/* Reads until a packet is complete, which is handled before the next one is read. True: a packet was handled. */
static bool receive(iotflow_mqtt *mqtt, uint32_t *limit) {
    while (is_open(mqtt) && (*limit > 0U)) {
        uint8_t byte;
        iotflow_status status;
        const int32_t got = mqtt->transport->read(mqtt->transport->context, &byte, 1);
        if (got < 0) {
            interrupt(mqtt, IOTFLOW_IO_ERROR);
            return false;
        }
        if (got == 0) {
            return false;
        }
        (*limit)--;
        mqtt->pinging = false;
        mqtt->heard_at = mqtt->now_ms;
        status = iotflow_packet_reader_take(&mqtt->reader, byte);
        if (status == IOTFLOW_OK) {
            take_packet(mqtt);
            iotflow_packet_reader_begin(&mqtt->reader);
            return true;
        }
        if (status == IOTFLOW_PROTOCOL_ERROR) {
            interrupt(mqtt, status);
        }
    }
    return false;
}

static void begin_greeting(iotflow_mqtt *mqtt) {
    mqtt->out.used = 0;
    mqtt->out_sent = 0;
    mqtt->payload_left = 0;
    mqtt->on_way = 0;
    mqtt->acknowledged_mask = 0;
    mqtt->window = 1;
    mqtt->pinging = false;
    mqtt->sent_at = mqtt->now_ms;
    mqtt->heard_at = mqtt->now_ms;
    mqtt->next.sector = 0;
    mqtt->next.offset = 0;
    iotflow_packet_reader_begin(&mqtt->reader);
    enter(mqtt, IOTFLOW_MQTT_GREETING);
    send_connect(mqtt);
}

static void try_to_connect(iotflow_mqtt *mqtt, int begin) {
    const iotflow_status status = mqtt->transport->connect(mqtt->transport->context, begin);
    if (status == IOTFLOW_OK) {
        begin_greeting(mqtt);
    } else if (status != IOTFLOW_AGAIN) {
        interrupt(mqtt, status);
    } else {
        /* Still on its way. */
    }
}

static bool is_since(const iotflow_mqtt *mqtt, uint32_t since, uint32_t limit) { return (mqtt->now_ms - since) >= limit; }

/* The peer has vanished: it does not answer a ping, or takes no bytes. */
static bool is_gone(const iotflow_mqtt *mqtt) {
    return (mqtt->pinging && is_since(mqtt, mqtt->heard_at, PONG_MS)) ||
           (!is_out_empty(mqtt) && is_since(mqtt, mqtt->sent_at, QUIET_MS + PONG_MS));
}

/* The broker expects packets, and the client expects answers: publications that are not answered put off no ping. */
static bool is_ping_due(const iotflow_mqtt *mqtt) {
    return !mqtt->pinging && is_out_empty(mqtt) &&
           (is_since(mqtt, mqtt->sent_at, QUIET_MS) || is_since(mqtt, mqtt->heard_at, QUIET_MS));
}

static void send_ping(iotflow_mqtt *mqtt) {
    mqtt->pinging = true;
    mqtt->heard_at = mqtt->now_ms;
    iotflow_packet_begin(&mqtt->out, IOTFLOW_PINGREQ << 4);
    (void)iotflow_packet_end(&mqtt->out, 0);
}

static void watch_time(iotflow_mqtt *mqtt) {
    const bool ready = mqtt->state == IOTFLOW_MQTT_READY;
    const bool greeting = (mqtt->state == IOTFLOW_MQTT_CONNECTING) || (mqtt->state == IOTFLOW_MQTT_GREETING) ||
                          (mqtt->state == IOTFLOW_MQTT_SUBSCRIBING);
    if ((greeting && is_since(mqtt, mqtt->state_since, CONNECT_MS)) || (ready && is_gone(mqtt))) {
        interrupt(mqtt, IOTFLOW_AGAIN);
    } else if (ready && is_ping_due(mqtt)) {
        send_ping(mqtt);
    } else {
        /* In time. */
    }
}

iotflow_status iotflow_mqtt_open(iotflow_mqtt *mqtt, iotflow_writer *writer, const iotflow_transport *transport,
                                 const iotflow_mqtt_options *options) {
    (void)memset(mqtt, 0, sizeof *mqtt);
    mqtt->options = *options;
    mqtt->writer = writer;
    mqtt->transport = transport;
    mqtt->options.prefix = (options->prefix == NULL) ? "iotflow" : options->prefix;
    mqtt->options.window = (options->window == 0U) ? (uint32_t)DEFAULT_WINDOW : options->window;
    mqtt->out.memory = options->send_memory;
    mqtt->out.size = options->send_size;
    mqtt->reader.body = options->receive_memory;
    mqtt->reader.size = options->receive_size;
    mqtt->commands.entries = options->handled;
    mqtt->commands.count = options->handled_count;
    mqtt->device_id = options->device_id;
    iotflow_backoff_begin(&mqtt->backoff, options->seed);
    if (((options->api_key == NULL) && (options->name == NULL)) || (mqtt->options.window > (uint32_t)LARGEST_WINDOW) ||
        (options->receive_size < 4U) || (options->send_size < (uint32_t)LEAST_SEND) ||
        ((options->token != NULL) && (iotflow_key_length(options->token, IOTFLOW_LONGEST_TOKEN) == 0U))) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    return (options->api_key == NULL) ? IOTFLOW_OK : iotflow_mqtt_use_key(mqtt, options->api_key);
}

iotflow_status iotflow_mqtt_poll(iotflow_mqtt *mqtt, uint32_t now_ms) {
    uint32_t limit = READ_LIMIT;
    mqtt->now_ms = now_ms;
    if (mqtt->writer != NULL) {
        (void)iotflow_writer_poll(mqtt->writer, now_ms);
    }
    if (mqtt->state == IOTFLOW_MQTT_STOPPED) {
        return mqtt->stopped_by;
    }
    if ((mqtt->state == IOTFLOW_MQTT_PAUSED) && is_since(mqtt, mqtt->state_since, mqtt->pause_ms)) {
        if (mqtt->key_wanted) {
            ask_for_key(mqtt);
        } else {
            enter(mqtt, IOTFLOW_MQTT_CONNECTING);
            try_to_connect(mqtt, 1);
        }
    } else if (mqtt->state == IOTFLOW_MQTT_CONNECTING) {
        try_to_connect(mqtt, 0);
    } else {
        /* Connected, or it is not time yet. */
    }
    watch_time(mqtt);
    while (flush(mqtt) && receive(mqtt, &limit)) {
        /* Another packet was handled. */
    }
    while ((mqtt->state == IOTFLOW_MQTT_READY) && is_out_empty(mqtt)) {
        send_batch(mqtt);
        if (is_out_empty(mqtt) || !flush(mqtt)) {
            break;
        }
    }
    return (mqtt->state == IOTFLOW_MQTT_STOPPED) ? mqtt->stopped_by : IOTFLOW_OK;
}

iotflow_status iotflow_mqtt_use_key(iotflow_mqtt *mqtt, const char *api_key) {
    const uint32_t length = iotflow_key_length(api_key, IOTFLOW_LONGEST_KEY);
    if (length == 0U) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    (void)memcpy(mqtt->api_key, api_key, length + 1U);
    mqtt->key_unproven = false;
    if ((mqtt->state == IOTFLOW_MQTT_STOPPED) || mqtt->key_wanted) {
        mqtt->key_wanted = false;
        reconnect(mqtt);
    }
    return IOTFLOW_OK;
}

iotflow_status iotflow_mqtt_answer(iotflow_mqtt *mqtt, uint64_t command_id, iotflow_outcome outcome, const char *result) {
    iotflow_handled *handled = iotflow_commands_find(&mqtt->commands, command_id);
    const size_t size = iotflow_length(result);
    if ((handled == NULL) || (size >= sizeof handled->result)) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    if ((mqtt->state != IOTFLOW_MQTT_READY) || !is_out_empty(mqtt)) {
        return IOTFLOW_AGAIN;
    }
    handled->outcome = (uint8_t)outcome;
    (void)memcpy(handled->result, result, size + 1U);
    return send_result(mqtt, handled);
}

iotflow_status iotflow_mqtt_publish(iotflow_mqtt *mqtt, const char *topic, const char *payload) {
    if ((mqtt->state != IOTFLOW_MQTT_READY) || !is_out_empty(mqtt) || is_registering(mqtt)) {
        return IOTFLOW_AGAIN;
    }
    put_publish(mqtt, topic, payload);
    return iotflow_packet_end(&mqtt->out, 0);
}
