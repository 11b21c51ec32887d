/** What the client is, and what it lacks. */
#ifndef TESTEE_HELLO_H
#define TESTEE_HELLO_H

#include <stdint.h>

void say_hello(int64_t id);

#endif
