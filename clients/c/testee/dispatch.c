#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "hello.h"
#include "lines.h"
#include "writing.h"

void handle(iotflow_span line) {
    const int64_t id = (int64_t)member_number(line, "id", 0);
    char *verb = member_text(line, "do");
    if (strcmp(verb, "hello") == 0) {
        say_hello(id);
    } else if (strcmp(verb, "connect") == 0) {
        connect_to(open_writer(), line, id);
    } else if (!is_connected()) {
        write_error(id, "FAILED_PRECONDITION", "", "There is no connection. Connect first.", false);
    } else if (strcmp(verb, "new_key") == 0) {
        use_new_key(line, id);
    } else if (!begin_at_door(verb, line, id) && !begin_writing(verb, line, id)) {
        write_error(id, "UNIMPLEMENTED", "", "The testee does not know it.", false);
    }
    free(verb);
}
