#include "schema.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

static struct {
    char *name[COLUMNS];
    iotflow_column columns[COLUMNS];
    uint32_t count;
} schema;

const iotflow_column *columns_now(void) { return schema.columns; }

uint32_t column_count(void) { return schema.count; }

void add_column(char *name, iotflow_type type) {
    if (schema.count < COLUMNS) {
        schema.name[schema.count] = name;
        schema.columns[schema.count].measurement = name;
        schema.columns[schema.count].type = type;
        schema.count++;
    }
}

void forget_columns(void) {
    uint32_t i;
    for (i = 0; i < schema.count; i++) {
        free(schema.name[i]);
    }
    schema.count = 0;
}

static bool is_column(uint32_t index, const char *name) {
    return (index < schema.count) && (strcmp(schema.name[index], name) == 0) && (schema.columns[index].type == IOTFLOW_DOUBLE);
}

bool has_columns(iotflow_span names) {
    iotflow_span name;
    uint32_t i = 0;
    while (next_element(&names, &name)) {
        char *text = text_of(name);
        const bool same = is_column(i, text);
        free(text);
        if (!same) {
            return false;
        }
        i++;
    }
    return i == schema.count;
}

iotflow_type type_of(const char *word) {
    static const char *const words[] = {"doubles", "floats", "int64s", "int32s", "bools", "strings"};
    int i;
    for (i = 0; i < 6; i++) {
        if (strcmp(words[i], word) == 0) {
            return (iotflow_type)(IOTFLOW_DOUBLE + i);
        }
    }
    return IOTFLOW_NONE;
}

iotflow_value value_of(iotflow_type type, iotflow_span value) {
    if (is_null(value)) {
        return iotflow_none();
    }
    switch (type) {
        case IOTFLOW_DOUBLE:
            return iotflow_double(strtod((const char *)value.data, NULL));
        case IOTFLOW_FLOAT:
            return iotflow_float(strtof((const char *)value.data, NULL));
        case IOTFLOW_INT64:
            return iotflow_int64(integer_of(value));
        case IOTFLOW_INT32:
            return iotflow_int32((int32_t)integer_of(value));
        case IOTFLOW_BOOL:
            return iotflow_bool(value.data[0] == 't');
        default:
            return iotflow_string(text_of(value));
    }
}
