#define _POSIX_C_SOURCE 200809L

#include "envoy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char config[] =
    "{\"static_resources\":{\"listeners\":[{\"name\":\"web\",\"address\":{\"socket_address\":{\"address\":\"127.0.0.1\","
    "\"port_value\":%d}},\"filter_chains\":[{\"filters\":[{\"name\":\"http\",\"typed_config\":{\"@type\":"
    "\"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\","
    "\"stat_prefix\":\"web\",\"route_config\":{\"virtual_hosts\":[{\"name\":\"all\",\"domains\":[\"*\"],\"routes\":[{"
    "\"match\":{\"prefix\":\"/\"},\"route\":{\"cluster\":\"server\",\"timeout\":\"0s\"}}]}]},\"http_filters\":[{\"name\":"
    "\"web\",\"typed_config\":{\"@type\":\"type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb\"}},{"
    "\"name\":\"router\",\"typed_config\":{\"@type\":\"type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\"}}"
    "]}}]}]}],\"clusters\":[{\"name\":\"server\",\"connect_timeout\":\"5s\",\"type\":\"STATIC\",\"load_assignment\":{"
    "\"cluster_name\":\"server\",\"endpoints\":[{\"lb_endpoints\":[{\"endpoint\":{\"address\":{\"socket_address\":{"
    "\"address\":\"%s\",\"port_value\":%d}}}}]}]},\"typed_extension_protocol_options\":{"
    "\"envoy.extensions.upstreams.http.v3.HttpProtocolOptions\":{\"@type\":"
    "\"type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\",\"explicit_http_config\":{"
    "\"http2_protocol_options\":{\"connection_keepalive\":{\"interval\":\"5s\",\"timeout\":\"5s\"}}}}}}]}}";

static int free_port(void) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int port = 0;
    const int handle = socket(AF_INET, SOCK_STREAM, 0);
    (void)memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((bind(handle, (struct sockaddr *)&address, sizeof address) == 0) &&
        (getsockname(handle, (struct sockaddr *)&address, &size) == 0)) {
        port = ntohs(address.sin_port);
    }
    (void)close(handle);
    return port;
}

/* Waits until the port takes connections, at most ten seconds. */
static void wait_for(int port) {
    struct sockaddr_in address;
    int turn;
    (void)memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    for (turn = 0; turn < 1000; turn++) {
        const int handle = socket(AF_INET, SOCK_STREAM, 0);
        const int failed = connect(handle, (struct sockaddr *)&address, sizeof address);
        (void)close(handle);
        if (failed == 0) {
            return;
        }
        (void)poll(NULL, 0, 10);
    }
}

int envoy_start(const char *target, int *process) {
    char host[64];
    static char text[4096];
    const char *colon = strrchr(target, ':');
    const char *program = getenv("IOTFLOW_ENVOY");
    const int port = free_port();
    if ((colon == NULL) || (program == NULL) || ((size_t)(colon - target) >= sizeof host)) {
        return 0;
    }
    (void)memcpy(host, target, (size_t)(colon - target));
    host[colon - target] = '\0';
    (void)snprintf(text, sizeof text, config, port, host, atoi(colon + 1));
    *process = (int)fork();
    if (*process == 0) {
        /* It ends with the testee, also when that is killed. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(2, 1);
        (void)execl(program, program, "--config-yaml", text, "--disable-hot-restart", "--concurrency", "1", "--log-level",
                    "error", (char *)NULL);
        _exit(127);
    }
    wait_for(port);
    return port;
}
