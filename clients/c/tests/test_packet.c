#include <string.h>

#include "check.h"
#include "iotflow/mqtt_packet.h"

static void writes_packets(void) {
    static const uint8_t expected[] = {0x32, 0x8b, 0x80, 0x00, 0x00, 0x03, 'a', '/', 'b', 0x12, 0x34, '1', '0', '7', 'x'};
    uint8_t memory[15];
    iotflow_packet packet;
    packet.memory = memory;
    packet.size = sizeof memory;
    packet.used = 0;
    iotflow_packet_begin(&packet, 0x32);
    iotflow_packet_text(&packet, "a/b");
    iotflow_packet_short(&packet, 0x1234);
    iotflow_packet_number(&packet, 107);
    iotflow_packet_chars(&packet, "x");
    CHECK(iotflow_packet_end(&packet, 0) == IOTFLOW_OK);
    CHECK((packet.used == sizeof expected) && (memcmp(memory, expected, sizeof expected) == 0));
    iotflow_packet_begin(&packet, 0xc0);
    CHECK(iotflow_packet_end(&packet, 0) == IOTFLOW_TOO_LARGE);
    CHECK(packet.used == sizeof expected);
}

static iotflow_status feed(iotflow_packet_reader *reader, const uint8_t *bytes, uint32_t size) {
    iotflow_status status = IOTFLOW_AGAIN;
    uint32_t i;
    for (i = 0; i < size; i++) {
        CHECK(status == IOTFLOW_AGAIN);
        status = iotflow_packet_reader_take(reader, bytes[i]);
    }
    return status;
}

static void reads_packets(void) {
    static const uint8_t publish[] = {0x32, 0x08, 0x00, 0x02, 't', 'o', 0x00, 0x05, 'h', 'i'};
    static const uint8_t pong[] = {0xd0, 0x00};
    static const uint8_t malformed[] = {0x30, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t short_topic[] = {0x32, 0x04, 0x00, 0x02, 't', 'o'};
    uint8_t body[8];
    iotflow_packet_reader reader;
    iotflow_message message;
    reader.body = body;
    reader.size = sizeof body;
    iotflow_packet_reader_begin(&reader);
    CHECK(feed(&reader, publish, sizeof publish) == IOTFLOW_OK);
    CHECK(iotflow_packet_message(&reader, &message) && (message.id == 5U) && !message.cut);
    CHECK((message.payload.size == 2U) && (memcmp(message.payload.data, "hi", 2) == 0));
    iotflow_packet_reader_begin(&reader);
    CHECK(feed(&reader, pong, sizeof pong) == IOTFLOW_OK);
    iotflow_packet_reader_begin(&reader);
    CHECK(feed(&reader, malformed, sizeof malformed) == IOTFLOW_PROTOCOL_ERROR);
    iotflow_packet_reader_begin(&reader);
    CHECK(feed(&reader, short_topic, sizeof short_topic) == IOTFLOW_OK);
    CHECK(!iotflow_packet_message(&reader, &message));
    reader.size = 7;
    iotflow_packet_reader_begin(&reader);
    CHECK(feed(&reader, publish, sizeof publish) == IOTFLOW_OK);
    CHECK(iotflow_packet_message(&reader, &message) && message.cut && (message.payload.size == 1U));
}

int main(void) {
    writes_packets();
    reads_packets();
    return finish("packet");
}
