/** The client of IoTFlow for microcontrollers: everything except the ports. */
#ifndef IOTFLOW_H
#define IOTFLOW_H

#include "iotflow/grpc_web.h"
#include "iotflow/json.h"
#include "iotflow/mqtt.h"
#include "iotflow/writer.h"

#endif
