/** The requests on the standard input, line by line. */
#ifndef TESTEE_INPUT_H
#define TESTEE_INPUT_H

#include <stdbool.h>

#include "iotflow/protobuf.h"

/** Reads what is there, and hands over each whole line, which ends with a zero. False: the input has ended. */
bool read_lines(void (*handle)(iotflow_span line));

#endif
