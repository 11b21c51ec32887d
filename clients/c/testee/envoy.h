/** Envoy between the testee and the server: it translates gRPC-Web, as in front of every service. */
#ifndef TESTEE_ENVOY_H
#define TESTEE_ENVOY_H

/** Starts the program in IOTFLOW_ENVOY in front of host:port. Returns its port on this machine, 0 if it did not start. */
int envoy_start(const char *target, int *process);

#endif
