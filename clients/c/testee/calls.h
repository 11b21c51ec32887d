/** Unary calls of an application over the door: register, heartbeat, rotate, latest. */
#ifndef TESTEE_CALLS_H
#define TESTEE_CALLS_H

#include "iotflow/grpc_web.h"

/** Begins the call of this verb, whose answer is written when it has ended. False: no call has this verb. */
bool begin_call(iotflow_grpc_web *web, const char *verb, iotflow_span request, int64_t id);
/** An error of a call as the answer to a request. */
void write_call_error(int64_t id, const iotflow_error *error);

#endif
