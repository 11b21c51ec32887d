package iotflow.client;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;

/**
 * The bytes of a value as JSON without spaces, as the server counts them: a character beyond
 * printable ASCII takes those of its escapes.
 */
final class JsonSize {
  private static final int ESCAPE = "\\u0000".length();

  /** Control characters with an escape of two characters. */
  private static final String SHORT_ESCAPES = "\"\\\b\f\n\r\t";

  private static final double LARGEST_WHOLE = 1e15;

  private JsonSize() {}

  static long of(Struct object) {
    long size = "{}".length() + commas(object.getFieldsCount());
    for (var field : object.getFieldsMap().entrySet()) {
      size += of(field.getKey()) + ":".length() + of(field.getValue());
    }
    return size;
  }

  private static long of(Value value) {
    switch (value.getKindCase()) {
      case NUMBER_VALUE:
        return of(value.getNumberValue());
      case STRING_VALUE:
        return of(value.getStringValue());
      case BOOL_VALUE:
        return String.valueOf(value.getBoolValue()).length();
      case STRUCT_VALUE:
        return of(value.getStructValue());
      case LIST_VALUE:
        long size = "[]".length() + commas(value.getListValue().getValuesCount());
        for (Value each : value.getListValue().getValuesList()) {
          size += of(each);
        }
        return size;
      default:
        return "null".length();
    }
  }

  private static int commas(int values) {
    return Math.max(values - 1, 0);
  }

  private static int of(double number) {
    boolean isWhole = number == Math.rint(number) && Math.abs(number) < LARGEST_WHOLE;
    return (isWhole ? Long.toString((long) number) : Double.toString(number)).length();
  }

  private static long of(String text) {
    long size = "\"\"".length();
    for (int i = 0; i < text.length(); i++) {
      char letter = text.charAt(i);
      if (SHORT_ESCAPES.indexOf(letter) >= 0) {
        size += 2;
      } else {
        size += letter >= ' ' && letter <= '~' ? 1 : ESCAPE;
      }
    }
    return size;
  }
}
