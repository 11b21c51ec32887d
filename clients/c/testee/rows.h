/** Rows that are being added, by their formula or from lists. A full queue lets them wait, without holding up the testee. */
#ifndef TESTEE_ROWS_H
#define TESTEE_ROWS_H

#include "iotflow/writer.h"

/** Begin to add the rows of a request, which is answered when the writer has all of them. */
void begin_adding(iotflow_writer *writer, iotflow_span request, int64_t id);
void begin_adding_columns(iotflow_writer *writer, iotflow_span request, int64_t id);
/** Adds rows for a while. refuses: a full queue ends the request with an error. */
void go_on_adding(iotflow_writer *writer, bool refuses, uint32_t now_ms);
/** Whether the next row can be tried at once. */
bool can_add_more(const iotflow_writer *writer);

#endif
