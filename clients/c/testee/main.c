/* The testee: the gRPC-Web and the MQTT door, driven by JSON lines (see clients/conformance/README.md). */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "dispatch.h"
#include "door.h"
#include "input.h"
#include "iotflow_posix.h"
#include "link.h"
#include "writing.h"

/* Between two turns where nothing arrives. */
enum { TURN_MS = 5 };

int main(void) {
    struct pollfd wanted[2] = {{STDIN_FILENO, POLLIN, 0}, {-1, POLLIN, 0}};
    (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    for (;;) {
        const uint32_t now = iotflow_posix_now_ms();
        if ((wanted[0].revents != 0) && !read_lines(handle)) {
            return 0;
        }
        go_on_writing(poll_door(now), now);
        wanted[1].fd = link_handle();
        (void)poll(wanted, 2, is_adding() ? 0 : TURN_MS);
    }
}
