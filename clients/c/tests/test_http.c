#include <string.h>

#include "check.h"
#include "iotflow/http.h"

static uint8_t memory[8];
static char got[64];
static uint32_t messages;

static void note(void *context, iotflow_status status, iotflow_span message) {
    (void)context;
    messages++;
    CHECK((message.size + 1U) < sizeof got);
    (void)memcpy(got, message.data, message.size);
    got[message.size] = '\0';
    CHECK((status == IOTFLOW_OK) || (message.size == sizeof memory));
}

/* The status after the last byte, which no earlier byte may have. */
static iotflow_status feed(iotflow_http_answer *answer, const char *bytes, size_t size) {
    iotflow_status status = IOTFLOW_AGAIN;
    size_t i;
    messages = 0;
    got[0] = '\0';
    answer->memory = memory;
    answer->size = sizeof memory;
    answer->message = note;
    answer->context = NULL;
    iotflow_http_begin(answer);
    for (i = 0; (i < size) && (status == IOTFLOW_AGAIN); i++) {
        status = iotflow_http_take(answer, (uint8_t)bytes[i]);
    }
    CHECK(i == size);
    return status;
}

#define FEED(answer, text) feed(answer, text, sizeof text - 1U)

static void reads_answers(void) {
    iotflow_http_answer answer;
    CHECK(FEED(&answer,
               "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n\0\0\0\0\2hi\r\n5\r\n\x80\0\0\0\17\r\n"
               "f\r\ngrpc-status:0\r\n\r\n0\r\n\r\n") == IOTFLOW_OK);
    CHECK((answer.error.code == 0U) && (messages == 1U) && (strcmp(got, "hi") == 0) && !answer.closes);
    CHECK(FEED(&answer, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\nGRPC-Status: 0\r\n\r\n\0\0\0\0\2hi") ==
          IOTFLOW_OK);
    CHECK((answer.error.code == 0U) && answer.closes && (strcmp(got, "hi") == 0));
    CHECK(FEED(&answer, "HTTP/1.1 503 Unavailable\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n") == IOTFLOW_OK);
    CHECK((answer.error.code == 255U) && answer.error.retryable && (answer.error.retry_after_ms == 2000U));
    CHECK(FEED(&answer,
               "HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n\0\0\0\0\11"
               "123456789") == IOTFLOW_OK);
    CHECK(answer.cut && (messages == 1U) && (strcmp(got, "12345678") == 0));
    CHECK(FEED(&answer, "SSH-2.0\r\n") == IOTFLOW_PROTOCOL_ERROR);
    CHECK(FEED(&answer, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n") == IOTFLOW_PROTOCOL_ERROR);
}

static void reads_details(void) {
    iotflow_http_answer answer;
    CHECK(FEED(&answer,
               "HTTP/1.1 200 OK\r\ngrpc-status: 14\r\ngrpc-status-details-bin: "
               "CA4SNlRoZSBjb25mb3JtYW5jZSByZWxheSBlbmRlZCB0aGUgY2FsbCB3aXRoIFVOQVZBSUxBQkxFLhpbCih0eXBlLmdvb2dsZWFwaXMuY29tL2d"
               "vb2dsZS"
               "5ycGMuRXJyb3JJbmZvEi8KEVNUT1JFX1VOQVZBSUxBQkxFEgdpb3RmbG93GhEKCXJldHJ5YWJsZRIEdHJ1ZRowCih0eXBlLmdvb2dsZWFwaXMuY"
               "29tL2dv"
               "b2dsZS5ycGMuUmV0cnlJbmZvEgQKAggD\r\ncontent-length: 0\r\n\r\n") == IOTFLOW_OK);
    CHECK((answer.error.code == 14U) && answer.error.retryable && (answer.error.retry_after_ms == 3000U));
    CHECK(strcmp(answer.error.reason, "STORE_UNAVAILABLE") == 0);
}

static void reads_texts_of_errors(void) {
    iotflow_http_answer answer;
    CHECK(FEED(&answer,
               "HTTP/1.1 200 OK\r\nx-request-id: call-7\r\nretry-after: 2\r\ngrpc-status: 3\r\n"
               "grpc-message: gr%C3%BCn %25\r\ncontent-length: 0\r\n\r\n") == IOTFLOW_OK);
    CHECK((answer.error.code == 3U) && !answer.error.retryable && (answer.error.retry_after_ms == 2000U));
    CHECK(strcmp(answer.error.request_id, "call-7") == 0);
    CHECK(strcmp(answer.error.message, "gr\xc3\xbcn %") == 0);
}

/* A trailer as the server makes it: ErrorInfo, then BadRequest with the field page_size. */
static void names_the_field(void) {
    iotflow_http_answer answer;
    CHECK(FEED(&answer,
               "HTTP/1.1 200 OK\r\ngrpc-status: 3\r\ngrpc-status-details-bin: "
               "CAMaRwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxIbChBJTlZBTElEX0FSR1VNRU5UEgdpb3RmbG93GkUKKXR5cGU"
               "uZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5CYWRSZXF1ZXN0EhgKFgoJcGFnZV9zaXplEgl0b28gbGFyZ2U"
               "\r\ncontent-length: 0\r\n\r\n") == IOTFLOW_OK);
    CHECK((strcmp(answer.error.field, "page_size") == 0) && (strcmp(answer.error.reason, "INVALID_ARGUMENT") == 0));
}

int main(void) {
    reads_answers();
    reads_details();
    reads_texts_of_errors();
    names_the_field();
    return finish("http");
}
