/** Transport, storage and clock for POSIX systems. */
#ifndef IOTFLOW_POSIX_H
#define IOTFLOW_POSIX_H

#include "iotflow/ring.h"
#include "iotflow/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct addrinfo;

/** A TCP connection. Bytes are read in pieces into received. */
typedef struct {
    const char *host;
    const char *port;
    int handle;
    uint32_t from;
    uint32_t to;
    uint8_t received[4096];
    /** While it connects: the addresses of the host, the next one to try, the time of each, and since when one is tried. */
    struct addrinfo *addresses;
    struct addrinfo *next;
    uint32_t share_ms;
    uint32_t since;
} iotflow_posix_socket;

/**
 * Prepares a transport to a host (name or address) and port. The host's name is looked up at each connection, which may block.
 * Where it has several addresses, they are tried one after the other, and share 10 s.
 */
void iotflow_posix_transport(iotflow_transport *transport, iotflow_posix_socket *socket, const char *host, const char *port);
/** Closes the connection. */
void iotflow_posix_close(iotflow_posix_socket *socket);
/** Waits until there is something to read, or the time has passed. */
void iotflow_posix_wait(const iotflow_posix_socket *socket, int milliseconds);

/** A file as the flash of a queue. Where it does not exist, it is made for its owner alone. At most one process uses it. */
typedef struct {
    int handle;
    uint32_t sector_size;
} iotflow_posix_file;

/**
 * IOTFLOW_AGAIN: another process uses the file. IOTFLOW_IO_ERROR: see errno; ELOOP: the path is a symbolic link.
 * IOTFLOW_INVALID_ARGUMENT: the sectors have more than 4 GiB together.
 */
iotflow_status iotflow_posix_storage(iotflow_storage *storage, iotflow_posix_file *file, const char *path, uint32_t sector_size,
                                     uint32_t sectors);
void iotflow_posix_file_close(iotflow_posix_file *file);

/** Milliseconds of the monotonic clock; they wrap. */
uint32_t iotflow_posix_now_ms(void);
/** Milliseconds since 1970 UTC of the system's clock. */
int64_t iotflow_posix_time_ms(void);

#ifdef __cplusplus
}
#endif

#endif
