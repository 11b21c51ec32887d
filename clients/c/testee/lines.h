/** The lines of a testee: requests with JSON values in them, answers and events. */
#ifndef TESTEE_LINES_H
#define TESTEE_LINES_H

#include <stdarg.h>

#include "iotflow/json.h"

/** A member of an object: its number, text (allocated, with escapes resolved) or the given value where it is absent or null. */
double member_number(iotflow_span object, const char *name, double absent);
char *member_text(iotflow_span object, const char *name);
/** The text of a JSON text, allocated; null for other values. */
char *text_of(iotflow_span value);
/** A number, also in quotes. */
int64_t integer_of(iotflow_span value);
bool is_null(iotflow_span value);
/** Takes the next element of a list, or the next name and value of an object. *rest begins as the whole of it. */
bool next_element(iotflow_span *rest, iotflow_span *value);
bool next_member(iotflow_span *rest, iotflow_span *name, iotflow_span *value);

/** Copies a text with escapes for JSON, into at most twice its bytes. Control characters become spaces. */
void escape_text(const char *from, char *to);
/** Writes a line: printf's format; %s must need no escapes. */
void write_line(const char *format, ...);
/** {"id", "error"}. */
void write_error(int64_t id, const char *code, const char *reason, const char *message, bool retryable);
/** The error of a key or token that has another form. field: api_key or token. */
void write_key_error(int64_t id, const char *field);
/** Name of gRPC's code. */
const char *code_name(uint32_t code);

#endif
