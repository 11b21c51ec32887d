#include <string.h>

#include "check.h"
#include "iotflow/json.h"

static iotflow_span span(const char *text) {
    iotflow_span made;
    made.data = (const uint8_t *)text;
    made.size = strlen(text);
    return made;
}

static void finds_members(void) {
    static const struct {
        const char *object, *name, *value;
    } cases[] = {
        {"{\"a\": 1, \"b\": \"x\"}", "b", "\"x\""},
        {"{\"a\":{\"b\":2},\"b\":3}", "b", "3"},
        {"{\"a\":[1,{\"b\":\"}\"}],\"b\":true}", "b", "true"},
        {"{\"a\":\"quote \\\" , \\\"b\\\":\",\"b\":null}", "b", "null"},
        {" { \"b\" : {\"c\": [ ]} } ", "b", "{\"c\": [ ]}"},
        {"{\"ab\":1}", "b", NULL},
        {"{\"b\"", "b", NULL},
        {"{\"b\":", "b", NULL},
        {"[\"b\"]", "b", NULL},
        {"{}", "b", NULL},
        {"", "b", NULL},
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        iotflow_span value = span("as before");
        const bool found = iotflow_json_find(span(cases[i].object), cases[i].name, &value);
        CHECK(found == (cases[i].value != NULL));
        CHECK(found || (value.size == strlen("as before")));
        if (found && (cases[i].value != NULL)) {
            CHECK((value.size == strlen(cases[i].value)) && (memcmp(value.data, cases[i].value, value.size) == 0));
        }
    }
}

static void reads_texts(void) {
    char text[8];
    CHECK(iotflow_json_text(span("\"a\\\"\\n\\u0041\\u00e9\""), text, sizeof text) && (strcmp(text, "a\"\nA?") == 0));
    CHECK(iotflow_json_text(span("\"1234567\""), text, sizeof text) && (strcmp(text, "1234567") == 0));
    CHECK(!iotflow_json_text(span("\"12345678\""), text, sizeof text) && (text[0] == '\0'));
    CHECK(!iotflow_json_text(span("12"), text, sizeof text));
}

static void reads_numbers(void) {
    uint64_t number;
    CHECK(iotflow_json_number(span("9007199254740993"), &number) && (number == 9007199254740993U));
    CHECK(iotflow_json_number(span("\"12\""), &number) && (number == 12U));
    CHECK(!iotflow_json_number(span("-1"), &number));
    CHECK(!iotflow_json_number(span("1.5"), &number));
    CHECK(!iotflow_json_number(span("\"\""), &number));
    CHECK(!iotflow_json_number(span("99999999999999999999"), &number));
}

int main(void) {
    finds_members();
    reads_texts();
    reads_numbers();
    return finish("json");
}
