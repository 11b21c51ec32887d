#include <errno.h>
#include <lwip/netdb.h>
#include <lwip/sockets.h>
#include <string.h>

#include "iotflow_lwip.h"

static iotflow_status begin(iotflow_lwip_socket *to) {
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    iotflow_status status = IOTFLOW_IO_ERROR;
    if (to->handle >= 0) {
        (void)lwip_close(to->handle);
    }
    to->handle = -1;
    (void)memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (lwip_getaddrinfo(to->host, to->port, &hints, &found) != 0) {
        return IOTFLOW_IO_ERROR;
    }
    to->handle = lwip_socket(found->ai_family, SOCK_STREAM, IPPROTO_TCP);
    if (to->handle >= 0) {
        (void)lwip_fcntl(to->handle, F_SETFL, O_NONBLOCK);
        if (lwip_connect(to->handle, found->ai_addr, found->ai_addrlen) == 0) {
            status = IOTFLOW_OK;
        } else {
            status = (errno == EINPROGRESS) ? IOTFLOW_AGAIN : IOTFLOW_IO_ERROR;
        }
    }
    lwip_freeaddrinfo(found);
    return status;
}

static iotflow_status go_on(const iotflow_lwip_socket *to) {
    struct pollfd wanted;
    int error = 0;
    socklen_t size = sizeof error;
    wanted.fd = to->handle;
    wanted.events = POLLOUT;
    wanted.revents = 0;
    if (lwip_poll(&wanted, 1, 0) <= 0) {
        return IOTFLOW_AGAIN;
    }
    return ((lwip_getsockopt(to->handle, SOL_SOCKET, SO_ERROR, &error, &size) == 0) && (error == 0)) ? IOTFLOW_OK
                                                                                                     : IOTFLOW_IO_ERROR;
}

static iotflow_status lwip_socket_connect(void *context, int from_anew) {
    iotflow_lwip_socket *to = (iotflow_lwip_socket *)context;
    return (from_anew != 0) ? begin(to) : go_on(to);
}

static int32_t outcome(ssize_t done) {
    if (done >= 0) {
        return (int32_t)done;
    }
    return (errno == EAGAIN) ? 0 : -1;
}

static int32_t lwip_socket_read(void *context, uint8_t *data, uint32_t size) {
    const ssize_t got = lwip_recv(((const iotflow_lwip_socket *)context)->handle, data, size, 0);
    return (got == 0) ? -1 : outcome(got);
}

static int32_t lwip_socket_write(void *context, const uint8_t *data, uint32_t size) {
    return outcome(lwip_send(((const iotflow_lwip_socket *)context)->handle, data, size, 0));
}

void iotflow_lwip_transport(iotflow_transport *transport, iotflow_lwip_socket *connection, const char *host, const char *port) {
    connection->host = host;
    connection->port = port;
    connection->handle = -1;
    transport->connect = lwip_socket_connect;
    transport->read = lwip_socket_read;
    transport->write = lwip_socket_write;
    transport->context = connection;
}
