/** Commands, their handler, and the memory of those that were handled. */
#ifndef IOTFLOW_COMMANDS_H
#define IOTFLOW_COMMANDS_H

#include "iotflow/protobuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a result that is kept for a repeated delivery, with the zero at its end. */
#ifndef IOTFLOW_RESULT_BYTES
#    define IOTFLOW_RESULT_BYTES 96
#endif

typedef enum {
    IOTFLOW_COMMAND_NONE = 0,
    /** The handler answers later. */
    IOTFLOW_COMMAND_LATER,
    IOTFLOW_COMMAND_SUCCEEDED,
    IOTFLOW_COMMAND_FAILED
} iotflow_outcome;

/** name is zero-terminated; parameters: a JSON object. Both are valid during the call only. */
typedef struct {
    uint64_t id;
    const char *name;
    iotflow_span parameters;
} iotflow_command;

/**
 * Executes a command. Writes the result into the given bytes, zero-terminated: with IOTFLOW_COMMAND_SUCCEEDED a JSON object
 * (or nothing), with IOTFLOW_COMMAND_FAILED a message in plain text.
 */
typedef iotflow_outcome (*iotflow_command_handler)(void *context, const iotflow_command *command, char *result, uint32_t size);

/** A command that was handed over, and its result. */
typedef struct {
    uint64_t id;
    uint8_t outcome;
    /** MQTT: the message that is acknowledged with the result. */
    uint16_t packet;
    char result[IOTFLOW_RESULT_BYTES];
} iotflow_handled;

/** The newest commands, in a ring of the application's memory. */
typedef struct {
    iotflow_handled *entries;
    uint32_t count;
    uint32_t next;
} iotflow_commands;

/** The entry of a command, or null. */
iotflow_handled *iotflow_commands_find(iotflow_commands *commands, uint64_t id);
/** A new entry in place of the oldest one. */
iotflow_handled *iotflow_commands_add(iotflow_commands *commands, uint64_t id);

#ifdef __cplusplus
}
#endif

#endif
