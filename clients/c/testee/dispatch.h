/** Requests to the parts that answer them. */
#ifndef TESTEE_DISPATCH_H
#define TESTEE_DISPATCH_H

#include "iotflow/protobuf.h"

/** Handles a request: a line with a JSON object. */
void handle(iotflow_span line);

#endif
