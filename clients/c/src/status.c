#include "iotflow/status.h"

const char *iotflow_status_text(iotflow_status status) {
    switch (status) {
        case IOTFLOW_OK:
            return "no error";
        case IOTFLOW_AGAIN:
            return "there was no answer in time";
        case IOTFLOW_QUEUE_FULL:
            return "the queue is full";
        case IOTFLOW_INVALID_ARGUMENT:
            return "an argument breaks a rule, such as that of the form of keys";
        case IOTFLOW_TOO_LARGE:
            return "it does not fit into the memory that was given";
        case IOTFLOW_IO_ERROR:
            return "the connection or the storage failed";
        case IOTFLOW_PROTOCOL_ERROR:
            return "the peer does not speak the protocol";
        case IOTFLOW_UNAUTHENTICATED:
            return "the key was rejected";
        case IOTFLOW_REJECTED:
            return "the server rejected it for good";
        case IOTFLOW_QUEUE_OF_ANOTHER_DEVICE:
            return "the queue has batches of another device";
        default:
            return "unknown";
    }
}
