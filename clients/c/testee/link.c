#include "link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iotflow_posix.h"
#include "iotflow_tls.h"
#include "lines.h"

static char host[64], port[8];
static iotflow_posix_socket tcp = {NULL, NULL, -1, 0, 0, {0}, NULL, NULL, 0, 0};
static iotflow_transport below;
static iotflow_tls over;
static iotflow_tls_options files;

void link_to(iotflow_transport *transport, const char *target, iotflow_span tls) {
    const char *colon = strrchr(target, ':');
    iotflow_tls_close(&over);
    iotflow_posix_close(&tcp);
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - target), target);
    (void)snprintf(port, sizeof port, "%s", colon + 1);
    iotflow_posix_transport(transport, &tcp, host, port);
    if (tls.size > 0U) {
        free((void *)files.authorities);
        free((void *)files.certificate);
        free((void *)files.key);
        files.host = host;
        files.authorities = member_text(tls, "ca");
        files.certificate = member_text(tls, "certificate");
        files.key = member_text(tls, "key");
        below = *transport;
        iotflow_tls_transport(transport, &over, &below, &files);
    }
}

int link_handle(void) { return (iotflow_tls_has_more(&over) || (tcp.from < tcp.to)) ? -1 : tcp.handle; }

const char *link_host(void) { return host; }
