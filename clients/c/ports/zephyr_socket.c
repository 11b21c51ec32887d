#include <errno.h>
#include <string.h>
#include <zephyr/net/socket.h>

#include "iotflow_zephyr.h"

static iotflow_status begin(iotflow_zephyr_socket *to) {
    struct zsock_addrinfo hints;
    struct zsock_addrinfo *found = NULL;
    iotflow_status status = IOTFLOW_IO_ERROR;
    if (to->handle >= 0) {
        (void)zsock_close(to->handle);
    }
    to->handle = -1;
    (void)memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (zsock_getaddrinfo(to->host, to->port, &hints, &found) != 0) {
        return IOTFLOW_IO_ERROR;
    }
    to->handle = zsock_socket(found->ai_family, SOCK_STREAM, IPPROTO_TCP);
    if (to->handle >= 0) {
        (void)zsock_fcntl(to->handle, ZVFS_F_SETFL, ZVFS_O_NONBLOCK);
        if (zsock_connect(to->handle, found->ai_addr, found->ai_addrlen) == 0) {
            status = IOTFLOW_OK;
        } else {
            status = (errno == EINPROGRESS) ? IOTFLOW_AGAIN : IOTFLOW_IO_ERROR;
        }
    }
    zsock_freeaddrinfo(found);
    return status;
}

static iotflow_status go_on(const iotflow_zephyr_socket *to) {
    struct zsock_pollfd wanted;
    int error = 0;
    socklen_t size = sizeof error;
    wanted.fd = to->handle;
    wanted.events = ZSOCK_POLLOUT;
    wanted.revents = 0;
    if (zsock_poll(&wanted, 1, 0) <= 0) {
        return IOTFLOW_AGAIN;
    }
    return ((zsock_getsockopt(to->handle, SOL_SOCKET, SO_ERROR, &error, &size) == 0) && (error == 0)) ? IOTFLOW_OK
                                                                                                      : IOTFLOW_IO_ERROR;
}

static iotflow_status zephyr_connect(void *context, int from_anew) {
    iotflow_zephyr_socket *to = (iotflow_zephyr_socket *)context;
    return (from_anew != 0) ? begin(to) : go_on(to);
}

static int32_t outcome(ssize_t done) {
    if (done >= 0) {
        return (int32_t)done;
    }
    return (errno == EAGAIN) ? 0 : -1;
}

static int32_t zephyr_read(void *context, uint8_t *data, uint32_t size) {
    const ssize_t got = zsock_recv(((const iotflow_zephyr_socket *)context)->handle, data, size, 0);
    return (got == 0) ? -1 : outcome(got);
}

static int32_t zephyr_write(void *context, const uint8_t *data, uint32_t size) {
    return outcome(zsock_send(((const iotflow_zephyr_socket *)context)->handle, data, size, 0));
}

void iotflow_zephyr_transport(iotflow_transport *transport, iotflow_zephyr_socket *connection, const char *host,
                              const char *port) {
    connection->host = host;
    connection->port = port;
    connection->handle = -1;
    transport->connect = zephyr_connect;
    transport->read = zephyr_read;
    transport->write = zephyr_write;
    transport->context = connection;
}
