/** The codec of MQTT 3.1.1: packets into memory, and packets out of a stream of bytes. */
#ifndef IOTFLOW_MQTT_PACKET_H
#define IOTFLOW_MQTT_PACKET_H

#include "iotflow/protobuf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    IOTFLOW_CONNECT = 1,
    IOTFLOW_CONNACK = 2,
    IOTFLOW_PUBLISH = 3,
    IOTFLOW_PUBACK = 4,
    IOTFLOW_SUBSCRIBE = 8,
    IOTFLOW_SUBACK = 9,
    IOTFLOW_PINGREQ = 12,
    IOTFLOW_PINGRESP = 13
};

/** Packets that are written one after the other. If they do not fit, nothing of the last one is kept and status states it. */
typedef struct {
    uint8_t *memory;
    uint32_t size;
    uint32_t used;
    uint32_t begin;
    iotflow_status status;
} iotflow_packet;

/** Begins a packet behind those that are there. first: type and flags. */
void iotflow_packet_begin(iotflow_packet *packet, uint8_t first);
void iotflow_packet_byte(iotflow_packet *packet, uint8_t value);
void iotflow_packet_short(iotflow_packet *packet, uint32_t value);
void iotflow_packet_bytes(iotflow_packet *packet, const void *data, uint32_t size);
/** Zero-terminated, without a length. */
void iotflow_packet_chars(iotflow_packet *packet, const char *text);
/** In decimal digits, without a length. */
void iotflow_packet_number(iotflow_packet *packet, uint64_t value);
/** Leaves room for the length of a string; returns where. The string is what follows until iotflow_packet_text_end. */
uint32_t iotflow_packet_text_begin(iotflow_packet *packet);
void iotflow_packet_text_end(iotflow_packet *packet, uint32_t begin);
/** A string. */
void iotflow_packet_text(iotflow_packet *packet, const char *text);
/** Ends the packet. behind: bytes of it that are sent later, from elsewhere. */
iotflow_status iotflow_packet_end(iotflow_packet *packet, uint32_t behind);

/** Collects a packet. first: type and flags. body: its first bytes, up to size; length: all of them. */
typedef struct {
    uint8_t *body;
    uint32_t size;
    uint8_t first;
    uint32_t length;
    uint32_t got;
    uint8_t state;
    uint8_t shift;
} iotflow_packet_reader;

/** Waits for the next packet. */
void iotflow_packet_reader_begin(iotflow_packet_reader *reader);
/** Takes a byte. IOTFLOW_OK: the packet is complete. IOTFLOW_AGAIN: it is not. IOTFLOW_PROTOCOL_ERROR: its length is malformed.
 */
iotflow_status iotflow_packet_reader_take(iotflow_packet_reader *reader, uint8_t byte);

/** A PUBLISH. */
typedef struct {
    iotflow_span topic;
    iotflow_span payload;
    uint16_t id;
    /** The payload did not fit. */
    bool cut;
} iotflow_message;

/** Reads a complete PUBLISH. False: malformed, or the topic did not fit. */
bool iotflow_packet_message(const iotflow_packet_reader *reader, iotflow_message *message);

#ifdef __cplusplus
}
#endif

#endif
