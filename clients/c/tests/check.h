/** The checks of the tests: a failed one prints where, and the program fails. */
#ifndef IOTFLOW_TESTS_CHECK_H
#define IOTFLOW_TESTS_CHECK_H

#include <stdio.h>

static int failures;
static int checks;

#define CHECK(condition)                                                 \
    do {                                                                 \
        checks++;                                                        \
        if (!(condition)) {                                              \
            failures++;                                                  \
            (void)printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                \
    } while (0)

static int finish(const char *name) {
    (void)printf("%s: %d passed, %d failed\n", name, checks - failures, failures);
    return (failures == 0) ? 0 : 1;
}

#endif
