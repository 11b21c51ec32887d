#include "iotflow/commands.h"

iotflow_handled *iotflow_commands_find(iotflow_commands *commands, uint64_t id) {
    iotflow_handled *entry = commands->entries;
    uint32_t left;
    for (left = commands->count; left > 0U; left--) {
        if ((entry->outcome != (uint8_t)IOTFLOW_COMMAND_NONE) && (entry->id == id)) {
            return entry;
        }
        entry++;
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
