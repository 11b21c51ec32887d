package iotflow.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Duration;
import com.google.protobuf.WireFormat;
import java.io.IOException;

/**
 * Reads the details of a {@code google.rpc.Status}. The generated classes of {@code google.rpc}
 * need the full protobuf runtime, which Android does without.
 */
final class ErrorDetails {
  private static final String DOMAIN = "iotflow";

  private ErrorDetails() {}

  /** Adds the details to the facts. */
  static void read(byte[] status, ErrorFacts facts) throws IOException {
    fields(
        ByteString.copyFrom(status),
        (field, value) -> {
          if (field == 3) {
            readDetail(value, facts);
          }
        });
  }

  /** Reads a {@code google.protobuf.Any}. */
  private static void readDetail(ByteString any, ErrorFacts facts) throws IOException {
    ByteString[] parts = {ByteString.EMPTY, ByteString.EMPTY, ByteString.EMPTY};
    fields(
        any,
        (field, value) -> {
          if (field < parts.length) {
            parts[field] = value;
          }
        });
    String type = parts[1].toStringUtf8();
    switch (type.substring(type.lastIndexOf('/') + 1)) {
      case "google.rpc.ErrorInfo":
        readErrorInfo(parts[2], facts);
        break;
      case "google.rpc.BadRequest":
        readBadRequest(parts[2], facts);
        break;
      case "google.rpc.RetryInfo":
        readRetryInfo(parts[2], facts);
        break;
      default:
        break;
    }
  }

  private static void readErrorInfo(ByteString message, ErrorFacts facts) throws IOException {
    String[] found = {"", "", "", ""};
    fields(
        message,
        (field, value) -> {
          if (field == 3) {
            readEntry(value, found);
          } else if (field < 3) {
            found[field] = value.toStringUtf8();
          }
        });
    facts.reason = found[1];
    facts.field = found[3].isEmpty() ? facts.field : found[3];
    if (found[2].equals(DOMAIN)) {
      facts.retryable = found[0].equals("true");
    }
  }

  /** Keeps `retryable` in place 0 and `field` in place 3. */
  private static void readEntry(ByteString entry, String[] found) throws IOException {
    String[] pair = {"", "", ""};
    fields(
        entry,
        (field, value) -> {
          if (field < pair.length) {
            pair[field] = value.toStringUtf8();
          }
        });
    if (pair[1].equals("retryable")) {
      found[0] = pair[2];
    } else if (pair[1].equals("field")) {
      found[3] = pair[2];
    }
  }

  private static void readBadRequest(ByteString message, ErrorFacts facts) throws IOException {
    fields(
        message,
        (violations, violation) ->
            fields(
                violation,
                (field, value) -> {
                  if (field == 1 && facts.field.isEmpty()) {
                    facts.field = value.toStringUtf8();
                  }
                }));
  }

  private static void readRetryInfo(ByteString message, ErrorFacts facts) throws IOException {
    fields(
        message,
        (field, value) -> {
          Duration delay = Duration.parseFrom(value);
          facts.setRetryAfter(delay.getSeconds(), delay.getNanos());
        });
  }

  private interface FieldReader {
    void read(int field, ByteString value) throws IOException;
  }

  /** Hands over every field that has bytes. */
  private static void fields(ByteString message, FieldReader reader) throws IOException {
    CodedInputStream input = message.newCodedInput();
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        reader.read(WireFormat.getTagFieldNumber(tag), input.readBytes());
      } else {
        input.skipField(tag);
      }
    }
  }
}
