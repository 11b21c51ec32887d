#include <string.h>

#include "check.h"
#include "iotflow/error_details.h"

/* RetryInfo as the server makes it, in google.rpc.Status. */
static void retry_delays_are_bounded(void) {
#define RETRY_INFO(length, rest) "CA4a" length "odHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbx" rest
    static const struct {
        const char *text;
        uint32_t milliseconds;
    } cases[] = {
        /* 3.5 s, 0.25 s, 7,200 s, 3,600.999999999 s and 2^40 s. */
        {RETRY_INFO("Ngo", "IKCggIAxCAyrXuAQ"), 3500},
        {RETRY_INFO("Mwo", "IHCgUQgOWadw"), 250},
        {RETRY_INFO("MQo", "IFCgMIoDg"), 3600000},
        {RETRY_INFO("Nwo", "ILCgkIkBwQ/5Pr3AM"), 3600000},
        {RETRY_INFO("NQo", "IJCgcIgICAgIAg"), 3600000},
        /* -5 s, -5.5 s and -1 ns. */
        {RETRY_INFO("OQo", "INCgsI+///////////AQ"), 0},
        {RETRY_INFO("RAo", "IYChYI+///////////ARCAtsqR/v////8B"), 0},
        {RETRY_INFO("OQo", "INCgsQ////////////AQ"), 0},
    };
    size_t i;
    for (i = 0; i < (sizeof cases / sizeof *cases); i++) {
        char text[128];
        iotflow_error error;
        (void)strcpy(text, cases[i].text);
        iotflow_error_begin(&error, 14);
        iotflow_error_details(&error, text);
        CHECK(error.retry_after_ms == cases[i].milliseconds);
    }
}

/* A reason that is too long is still one of the service. */
static void long_reasons_are_cut_off(void) {
    char text[] =
        "CAcabAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxJACj5BX1JFQVNPTl9PRl9NT1JFX1RIQU5fRk9SVFlfU0VWRU5f"
        "Q0hBUkFDVEVSU19PRl9BX05FV0VSX1NFUlZFUg";
    iotflow_error error;
    iotflow_error_begin(&error, 7);
    iotflow_error_details(&error, text);
    CHECK(strcmp(error.reason, "A_REASON_OF_MORE_THAN_FORTY_SEVEN_CHARACTERS_OF") == 0);
}

static void transient_statuses_are_retryable(void) {
    /* CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL and UNAVAILABLE. */
    static const uint32_t transient = (1U << 1) | (1U << 2) | (1U << 4) | (1U << 10) | (1U << 13) | (1U << 14);
    uint32_t code;
    for (code = 0; code <= 16U; code++) {
        CHECK(iotflow_is_retryable(code) == (((transient >> code) & 1U) != 0U));
    }
}

int main(void) {
    transient_statuses_are_retryable();
    retry_delays_are_bounded();
    long_reasons_are_cut_off();
    return finish("error_details");
}
