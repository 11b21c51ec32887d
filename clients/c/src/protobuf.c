#include "iotflow/protobuf.h"

void iotflow_put_bytes(iotflow_sink *sink, const void *data, uint32_t size) {
    if (sink->status == IOTFLOW_OK) {
        sink->status = sink->write(sink->context, (const uint8_t *)data, size);
    }
}

uint32_t iotflow_varint(uint8_t *to, uint64_t value) {
    uint32_t size = 0;
    while (value > 127U) {
        to[size] = (uint8_t)(value | 128U);
        value >>= 7;
        size++;
    }
    to[size] = (uint8_t)value;
    return size + 1U;
}

void iotflow_put_varint(iotflow_sink *sink, uint64_t value) {
    uint8_t bytes[IOTFLOW_VARINT_BYTES];
    iotflow_put_bytes(sink, bytes, iotflow_varint(bytes, value));
}

void iotflow_put_tag(iotflow_sink *sink, uint32_t id, uint32_t wire) { iotflow_put_varint(sink, (id << 3) | wire); }

uint32_t iotflow_varint_size(uint64_t value) {
    uint8_t bytes[IOTFLOW_VARINT_BYTES];
    return iotflow_varint(bytes, value);
}

bool iotflow_take_varint(iotflow_span *rest, uint64_t *value) {
    uint32_t shift = 0;
    *value = 0;
    while ((rest->size > 0U) && (shift <= 63U)) {
        const uint8_t byte = *rest->data;
        rest->data++;
        rest->size--;
        *value |= (uint64_t)(byte & 127U) << shift;
        shift += 7U;
        if (byte < 128U) {
            return true;
        }
    }
    return false;
}

static bool take_bytes(iotflow_span *rest, uint64_t size, iotflow_span *bytes) {
    if (size > rest->size) {
        return false;
    }
    bytes->data = rest->data;
    bytes->size = (size_t)size;
    rest->data += bytes->size;
    rest->size -= bytes->size;
    return true;
}

static bool take_fixed(iotflow_span *rest, uint32_t size, uint64_t *value) {
    iotflow_span bytes;
    uint32_t i;
    *value = 0;
    if (!take_bytes(rest, size, &bytes)) {
        return false;
    }
    for (i = size; i > 0U; i--) {
        *value = (*value << 8) | bytes.data[i - 1U];
    }
    return true;
}

iotflow_status iotflow_take_field(iotflow_span *rest, iotflow_field *field) {
    uint64_t tag;
    bool ok;
    if (rest->size == 0U) {
        return IOTFLOW_AGAIN;
    }
    if (!iotflow_take_varint(rest, &tag) || (tag > UINT32_MAX) || (tag < 8U)) {
        return IOTFLOW_PROTOCOL_ERROR;
    }
    field->id = (uint32_t)(tag >> 3);
    field->wire = (uint8_t)(tag & 7U);
    field->number = 0;
    field->bytes.data = rest->data;
    field->bytes.size = 0;
    switch (field->wire) {
        case IOTFLOW_WIRE_VARINT:
            ok = iotflow_take_varint(rest, &field->number);
            break;
        case IOTFLOW_WIRE_FIXED64:
            ok = take_fixed(rest, 8, &field->number);
            break;
        case IOTFLOW_WIRE_FIXED32:
            ok = take_fixed(rest, 4, &field->number);
            break;
        case IOTFLOW_WIRE_BYTES:
            ok = iotflow_take_varint(rest, &field->number) && take_bytes(rest, field->number, &field->bytes);
            break;
        default:
            ok = false;
            break;
    }
    return ok ? IOTFLOW_OK : IOTFLOW_PROTOCOL_ERROR;
}
