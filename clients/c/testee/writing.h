/** The testee's writer: the requests writer.*. */
#ifndef TESTEE_WRITING_H
#define TESTEE_WRITING_H

#include "iotflow/writer.h"

/** The open writer, or null. */
iotflow_writer *open_writer(void);
/** Begins a request. False: the verb is another one. */
bool begin_writing(const char *verb, iotflow_span request, int64_t id);
/** Adds rows, and ends the requests that wait. state: of the connection. */
void go_on_writing(iotflow_status state, uint32_t now_ms);
/** Whether a row can be added at once. */
bool is_adding(void);

#endif
