#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "iotflow_posix.h"

enum { CONNECT_MS = 10000 };

static void forget_addresses(iotflow_posix_socket *socket) {
    if (socket->addresses != NULL) {
        freeaddrinfo(socket->addresses);
    }
    socket->addresses = NULL;
    socket->next = NULL;
}

static void close_handle(iotflow_posix_socket *socket) {
    if (socket->handle >= 0) {
        (void)close(socket->handle);
    }
    socket->handle = -1;
}

void iotflow_posix_close(iotflow_posix_socket *socket) {
    forget_addresses(socket);
    close_handle(socket);
    socket->from = 0;
    socket->to = 0;
}

static iotflow_status try_address(iotflow_posix_socket *to, const struct addrinfo *address) {
    const int on = 1;
    to->since = iotflow_posix_now_ms();
    to->handle = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (to->handle < 0) {
        return IOTFLOW_IO_ERROR;
    }
    (void)setsockopt(to->handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)fcntl(to->handle, F_SETFD, FD_CLOEXEC);
    (void)fcntl(to->handle, F_SETFL, O_NONBLOCK);
    if (connect(to->handle, address->ai_addr, address->ai_addrlen) == 0) {
        return IOTFLOW_OK;
    }
    return ((errno == EINPROGRESS) || (errno == EINTR)) ? IOTFLOW_AGAIN : IOTFLOW_IO_ERROR;
}

/* Tries the addresses that are left until one takes the connection, or lets it wait. */
static iotflow_status try_next(iotflow_posix_socket *to) {
    iotflow_status status = IOTFLOW_IO_ERROR;
    while ((status == IOTFLOW_IO_ERROR) && (to->next != NULL)) {
        const struct addrinfo *address = to->next;
        close_handle(to);
        to->next = address->ai_next;
        status = try_address(to, address);
    }
    return status;
}

static iotflow_status begin(iotflow_posix_socket *to) {
    struct addrinfo hints;
    const struct addrinfo *each;
    uint32_t count = 0;
    iotflow_posix_close(to);
    (void)memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(to->host, to->port, &hints, &to->addresses) != 0) {
        to->addresses = NULL;
        return IOTFLOW_IO_ERROR;
    }
    for (each = to->addresses; each != NULL; each = each->ai_next) {
        count++;
    }
    to->next = to->addresses;
    to->share_ms = (count > 0U) ? ((uint32_t)CONNECT_MS / count) : 0U;
    return try_next(to);
}

/* Whether the address that is tried takes the connection. */
static iotflow_status outcome_of_address(const iotflow_posix_socket *to) {
    struct pollfd wanted;
    int error = 0;
    socklen_t size = sizeof error;
    wanted.fd = to->handle;
    wanted.events = POLLOUT;
    wanted.revents = 0;
    /* A signal may have interrupted it. */
    if (poll(&wanted, 1, 0) <= 0) {
        return IOTFLOW_AGAIN;
    }
    if ((getsockopt(to->handle, SOL_SOCKET, SO_ERROR, &error, &size) != 0) || (error != 0)) {
        return IOTFLOW_IO_ERROR;
    }
    return IOTFLOW_OK;
}

static iotflow_status go_on(iotflow_posix_socket *to) {
    const iotflow_status status = outcome_of_address(to);
    const bool is_over = (status == IOTFLOW_AGAIN) && ((iotflow_posix_now_ms() - to->since) >= to->share_ms);
    return ((status == IOTFLOW_IO_ERROR) || (is_over && (to->next != NULL))) ? try_next(to) : status;
}

static iotflow_status posix_connect(void *context, int from_anew) {
    iotflow_posix_socket *to = (iotflow_posix_socket *)context;
    const iotflow_status status = (from_anew != 0) ? begin(to) : go_on(to);
    if (status != IOTFLOW_AGAIN) {
        forget_addresses(to);
    }
    return status;
}

static int32_t outcome(ssize_t done) {
    if (done >= 0) {
        return (int32_t)done;
    }
    return ((errno == EAGAIN) || (errno == EWOULDBLOCK) || (errno == EINTR)) ? 0 : -1;
}

static int32_t posix_read(void *context, uint8_t *data, uint32_t size) {
    iotflow_posix_socket *from = (iotflow_posix_socket *)context;
    uint32_t part = from->to - from->from;
    if (part == 0U) {
        const ssize_t got = recv(from->handle, from->received, sizeof from->received, 0);
        if (got <= 0) {
            return (got == 0) ? -1 : outcome(got);
        }
        from->from = 0;
        from->to = (uint32_t)got;
        part = (uint32_t)got;
    }
    part = (part < size) ? part : size;
    (void)memcpy(data, from->received + from->from, part);
    from->from += part;
    return (int32_t)part;
}

static int32_t posix_write(void *context, const uint8_t *data, uint32_t size) {
    const iotflow_posix_socket *to = (const iotflow_posix_socket *)context;
    return outcome(send(to->handle, data, size, MSG_NOSIGNAL));
}

void iotflow_posix_transport(iotflow_transport *transport, iotflow_posix_socket *socket, const char *host, const char *port) {
    socket->host = host;
    socket->port = port;
    socket->handle = -1;
    socket->from = 0;
    socket->to = 0;
    socket->addresses = NULL;
    socket->next = NULL;
    transport->connect = posix_connect;
    transport->read = posix_read;
    transport->write = posix_write;
    transport->context = socket;
}

void iotflow_posix_wait(const iotflow_posix_socket *socket, int milliseconds) {
    struct pollfd wanted;
    wanted.fd = (socket->from < socket->to) ? -1 : socket->handle;
    wanted.events = POLLIN;
    wanted.revents = 0;
    (void)poll(&wanted, 1, (socket->from < socket->to) ? 0 : milliseconds);
}

uint32_t iotflow_posix_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)(((uint64_t)now.tv_sec * 1000U) + ((uint64_t)now.tv_nsec / 1000000U));
}

int64_t iotflow_posix_time_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return ((int64_t)now.tv_sec * 1000) + (now.tv_nsec / 1000000);
}
