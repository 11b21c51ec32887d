#include "iotflow/commands.h"

iotflow_handled *iotflow_commands_find(iotflow_commands *commands, uint64_t id) {
    uint32_t i;
    for (i = 0; i < commands->count; i++) {
        if ((commands->entries[i].outcome != (uint8_t)IOTFLOW_COMMAND_NONE) && (commands->entries[i].id == id)) {
            return &commands->entries[i];
        }
    }
    return NULL;
}

iotflow_handled *iotflow_commands_add(iotflow_commands *commands, uint64_t id) {
    iotflow_handled *entry = &commands->entries[commands->next];
    commands->next = (commands->next + 1U) % commands->count;
    entry->id = id;
    entry->outcome = (uint8_t)IOTFLOW_COMMAND_LATER;
    entry->packet = 0;
    entry->result[0] = '\0';
    return entry;
}
