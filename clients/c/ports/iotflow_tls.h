/** TLS by OpenSSL over another transport. The same form suits other libraries, such as Mbed TLS. */
#ifndef IOTFLOW_TLS_H
#define IOTFLOW_TLS_H

#include <stdbool.h>

#include "iotflow/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Files are in PEM, and are read for each new connection. Everything must live as long as the transport. */
typedef struct {
    /** The name or address that the server's certificate must have. */
    const char *host;
    /** The authorities of servers, or null for those of the system. */
    const char *authorities;
    /** The client's certificate, with those between it and the authority behind it, and its key. Null: none. */
    const char *certificate;
    const char *key;
} iotflow_tls_options;

typedef struct {
    iotflow_tls_options options;
    const iotflow_transport *below;
    struct ssl_st *session;
} iotflow_tls;

/** Prepares a transport over another one, such as that of iotflow_posix_transport. */
void iotflow_tls_transport(iotflow_transport *transport, iotflow_tls *tls, const iotflow_transport *below,
                           const iotflow_tls_options *options);
/** Whether bytes can be read that have arrived already. Do not wait for the socket then. */
bool iotflow_tls_has_more(const iotflow_tls *tls);
/** Frees the connection; close the transport below afterwards. */
void iotflow_tls_close(iotflow_tls *tls);

#ifdef __cplusplus
}
#endif

#endif
