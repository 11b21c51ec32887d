/** The details of an error: google.rpc.Status in the trailer grpc-status-details-bin. */
#ifndef IOTFLOW_ERROR_DETAILS_H
#define IOTFLOW_ERROR_DETAILS_H

#include "iotflow/protobuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * An error of a call. code: of gRPC. reason: a word for programs, or empty. retryable: the server's word, or by the code. Texts
 * that are longer are cut off.
 */
typedef struct {
    uint32_t code;
    char reason[48];
    /** A sentence for people, or empty. */
    char message[104];
    /** The invalid field of the request, or empty. */
    char field[48];
    /** The server's name of the call, which its log has, or empty. */
    char request_id[40];
    bool retryable;
    /** The pause that the server asks for, or 0; see iotflow_retry_after. */
    uint32_t retry_after_ms;
} iotflow_error;

/** An error without details. */
void iotflow_error_begin(iotflow_error *error, uint32_t code);
/** Whether a call that ended with this code of gRPC, without details, may succeed later. */
bool iotflow_is_retryable(uint32_t code);
/** Milliseconds of a pause that the server asks for: at most an hour, and 0 where it is negative or malformed. */
uint32_t iotflow_retry_after(uint64_t seconds, uint64_t nanos);
/** Adds what the trailer states. text: base64, zero-terminated; it is overwritten. What is malformed is left out. */
void iotflow_error_details(iotflow_error *error, char *text);

#ifdef __cplusplus
}
#endif

#endif
