#include "iotflow/mqtt_packet.h"

#include <string.h>

/* The length of a packet has at most 4 bytes; the room for it is 3, which suffices for 2 MiB. */
enum { HEAD = 4, LARGEST = 2097151 };
enum { FIRST, LENGTH, BODY };

void iotflow_packet_begin(iotflow_packet *packet, uint8_t first) {
    const uint8_t head[HEAD] = {first, 0, 0, 0};
    packet->begin = packet->used;
    packet->status = IOTFLOW_OK;
    iotflow_packet_bytes(packet, head, HEAD);
}

void iotflow_packet_bytes(iotflow_packet *packet, const void *data, uint32_t size) {
    if (size > (packet->size - packet->used)) {
        packet->status = IOTFLOW_TOO_LARGE;
    } else if (size > 0U) {
        (void)memcpy(packet->memory + packet->used, data, size);
        packet->used += size;
    } else {
        /* Nothing to add. */
    }
}

void iotflow_packet_byte(iotflow_packet *packet, uint8_t value) { iotflow_packet_bytes(packet, &value, 1); }

void iotflow_packet_short(iotflow_packet *packet, uint32_t value) {
    iotflow_packet_byte(packet, (uint8_t)(value >> 8));
    iotflow_packet_byte(packet, (uint8_t)value);
}

void iotflow_packet_chars(iotflow_packet *packet, const char *text) {
    iotflow_packet_bytes(packet, text, (uint32_t)iotflow_length(text));
}

/* Bit by bit: a division of 64 bits costs 700 bytes of flash where the processor has none. Returns the remainder. */
static uint32_t divide_by_ten(uint64_t *value) {
    uint64_t quotient = 0;
    uint32_t rest = 0;
    uint32_t bit;
    for (bit = 64; bit > 0U; bit--) {
        rest = (rest << 1) | (uint32_t)((*value >> (bit - 1U)) & 1U);
        quotient <<= 1;
        if (rest >= 10U) {
            rest -= 10U;
            quotient |= 1U;
        }
    }
    *value = quotient;
    return rest;
}

void iotflow_packet_number(iotflow_packet *packet, uint64_t value) {
    char digits[20];
    uint32_t at = sizeof digits;
    do {
        at--;
        digits[at] = (char)((uint32_t)'0' + divide_by_ten(&value));
    } while (value > 0U);
    iotflow_packet_bytes(packet, digits + at, (uint32_t)sizeof digits - at);
}

uint32_t iotflow_packet_text_begin(iotflow_packet *packet) {
    const uint32_t begin = packet->used;
    iotflow_packet_short(packet, 0);
    return begin;
}

void iotflow_packet_text_end(iotflow_packet *packet, uint32_t begin) {
    const uint32_t length = packet->used - begin - 2U;
    if (packet->status == IOTFLOW_OK) {
        packet->memory[begin] = (uint8_t)(length >> 8);
        packet->memory[begin + 1U] = (uint8_t)length;
    }
}

void iotflow_packet_text(iotflow_packet *packet, const char *text) {
    const uint32_t begin = iotflow_packet_text_begin(packet);
    iotflow_packet_chars(packet, text);
    iotflow_packet_text_end(packet, begin);
}

iotflow_status iotflow_packet_end(iotflow_packet *packet, uint32_t behind) {
    uint32_t length = packet->used - packet->begin - (uint32_t)HEAD + behind;
    if ((packet->status != IOTFLOW_OK) || (length > (uint32_t)LARGEST)) {
        packet->used = packet->begin;
        return IOTFLOW_TOO_LARGE;
    }
    /* A length in three bytes is valid also where fewer would do. */
    packet->memory[packet->begin + 1U] = (uint8_t)(length | 128U);
    packet->memory[packet->begin + 2U] = (uint8_t)((length >> 7) | 128U);
    packet->memory[packet->begin + 3U] = (uint8_t)(length >> 14);
    return IOTFLOW_OK;
}

void iotflow_packet_reader_begin(iotflow_packet_reader *reader) {
    reader->state = FIRST;
    reader->length = 0;
    reader->got = 0;
    reader->shift = 0;
}

iotflow_status iotflow_packet_reader_take(iotflow_packet_reader *reader, uint8_t byte) {
    switch (reader->state) {
        case FIRST:
            reader->first = byte;
            reader->state = LENGTH;
            return IOTFLOW_AGAIN;
        case LENGTH:
            reader->length |= (uint32_t)(byte & 127U) << reader->shift;
            reader->shift = (uint8_t)(reader->shift + 7U);
            if (byte >= 128U) {
                return (reader->shift > 21U) ? IOTFLOW_PROTOCOL_ERROR : IOTFLOW_AGAIN;
            }
            reader->state = BODY;
            break;
        default:
            if (reader->got < reader->size) {
                reader->body[reader->got] = byte;
            }
            reader->got++;
            break;
    }
    return (reader->got == reader->length) ? IOTFLOW_OK : IOTFLOW_AGAIN;
}

bool iotflow_packet_message(const iotflow_packet_reader *reader, iotflow_message *message) {
    const uint32_t kept = (reader->length < reader->size) ? reader->length : reader->size;
    const bool numbered = (reader->first & 6U) != 0U;
    uint32_t at;
    if (kept < 2U) {
        return false;
    }
    message->topic.data = reader->body + 2;
    message->topic.size = ((size_t)reader->body[0] << 8) | reader->body[1];
    at = 2U + (uint32_t)message->topic.size;
    if ((at + (numbered ? 2U : 0U)) > kept) {
        return false;
    }
    message->id = 0;
    if (numbered) {
        message->id = (uint16_t)(((uint32_t)reader->body[at] << 8) | reader->body[at + 1U]);
        at += 2U;
    }
    message->payload.data = reader->body + at;
    message->payload.size = kept - at;
    message->cut = reader->length > reader->size;
    return true;
}
