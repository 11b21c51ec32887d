/** The columns of the writer, and values of their types from JSON. */
#ifndef TESTEE_SCHEMA_H
#define TESTEE_SCHEMA_H

#include "iotflow/batch.h"

enum { COLUMNS = 64 };

/** The columns now. */
const iotflow_column *columns_now(void);
uint32_t column_count(void);
/** Whether the columns are doubles with the names of this list, in its order. */
bool has_columns(iotflow_span names);
void forget_columns(void);
/** Adds a column; it takes the name, which was allocated. */
void add_column(char *name, iotflow_type type);
/** The type of a word of the conformance protocol, such as `doubles`. */
iotflow_type type_of(const char *word);
/** A value of a column; none for null. */
iotflow_value value_of(iotflow_type type, iotflow_span value);

#endif
