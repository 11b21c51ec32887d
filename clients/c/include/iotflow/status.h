/** Results of all functions. */
#ifndef IOTFLOW_STATUS_H
#define IOTFLOW_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    IOTFLOW_OK = 0,
    /** Nothing can be done now; call again later. */
    IOTFLOW_AGAIN,
    /** The queue has no room for the open batch. The row was not added; add it again later. */
    IOTFLOW_QUEUE_FULL,
    /** An argument breaks a rule that the function states. */
    IOTFLOW_INVALID_ARGUMENT,
    /** It does not fit into the memory that the application gave. */
    IOTFLOW_TOO_LARGE,
    /** The storage or the transport failed. */
    IOTFLOW_IO_ERROR,
    /** The peer sent something that is not of the protocol. */
    IOTFLOW_PROTOCOL_ERROR,
    /** The key was rejected. Give another one. */
    IOTFLOW_UNAUTHENTICATED,
    /** The server or the broker rejected the request for good. */
    IOTFLOW_REJECTED,
    /** The queue has batches of another device, which are kept: `device` of the ring, and of the connection. */
    IOTFLOW_QUEUE_OF_ANOTHER_DEVICE
} iotflow_status;

/** What went wrong, for people: "the queue is full". A program that does not call it has no room for the texts. */
const char *iotflow_status_text(iotflow_status status);

#ifdef __cplusplus
}
#endif

#endif
